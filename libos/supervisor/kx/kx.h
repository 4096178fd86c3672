/* SPDX-License-Identifier: MPL-2.0 */
/*
 * kx: containers from the command line. A static Linux program that asks the supervisor through /dev/kx (los/container.h).
 *
 * It runs once and ends: memory comes from one heap that is given back whole (text.c), and whatever is wrong ends it with one line
 * on standard error and status 125 (kx_die). Nothing here returns an error that the caller has to think of, except kx_ask.
 */
#ifndef KX_H
#define KX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <los/container.h>

#define KX_FAILED 125      /* exit status: kx itself could not do it */
#define KX_CHUNK  32768u   /* bytes in a request or an answer at most */
#define KX_PERIOD 100000ul /* us: the period of a CPU quota when none is given, as docker's and runc's */

/* --- main.c ------------------------------------------------------------------------------------------------------------ */
/* "kx: ..." on standard error, and the end with status 125. The message has no newline. */
_Noreturn void kx_die(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "kx: ..." on standard error; kx goes on. */
void kx_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* --- text.c: memory and text ------------------------------------------------------------------------------------------- */
struct kx_strings {
    const char **at;
    size_t count, room;
};
struct kx_buffer {
    char *at;
    size_t bytes, room;
};

/* Zeroed memory that lasts until kx_release of an earlier mark. Never NULL. */
void *kx_keep(size_t bytes);
const char *kx_copy(const char *text, size_t bytes); /* with a NUL behind it */
char *kx_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void *kx_mark(void);
void kx_release(void *mark);
void kx_strings_add(struct kx_strings *strings, const char *text); /* keeps the pointer */
void kx_buffer_add(struct kx_buffer *buffer, const void *bytes, size_t count);

/* --- options.c ---------------------------------------------------------------------------------------------------------- */
enum kx_option_kind {
    KX_FLAG, /* to a bool, which becomes true */
    KX_OFF,  /* to a bool, which becomes false */
    KX_TEXT, /* to a const char *; the last one counts */
    KX_LIST, /* to a struct kx_strings, which grows */
};
struct kx_option {
    char letter;       /* 0: none */
    const char *name;  /* without the dashes */
    const char *value; /* what the value is called in the help text; NULL for flags */
    enum kx_option_kind kind;
    void *to;
    const char *help;
};
struct kx_command {
    const char *name, *usage, *summary;
    int (*run)(const struct kx_command *command, int argc, char **argv);
    const char *more; /* further help, or NULL */
};
enum kx_operands {
    KX_ANYWHERE,
    KX_AFTER_OPTIONS
}; /* options may follow operands; the first operand ends the options */

/* Sets what `options` (ended by a nameless one) point to; prints the help text and ends at --help. Returns the operands, of which there are
 * `least` to `most`, or it dies. argv[0] is the command. */
struct kx_strings kx_options(const struct kx_command *command, const struct kx_option *options, int argc,
                             char **argv, enum kx_operands where, size_t least, size_t most);

/* --- number.c: numbers that people write ------------------------------------------------------------------------------ */
/* `what` names the place in what is said when the text is wrong. */
uint64_t kx_number(const char *what, const char *text, uint64_t low, uint64_t high);
uint64_t kx_size(const char *what, const char *text); /* bytes: 1 to 2^46; suffixes k m g t, also kb, KiB */
uint64_t kx_quota(const char *what, const char *cpus, uint64_t period_us); /* --cpus 0.5, to us */
unsigned kx_signal(const char *text);                                      /* 15, TERM or SIGTERM */
const char *kx_size_text(uint64_t bytes);                                  /* 12.5MiB */
const char *kx_duration_text(uint64_t ns);                                 /* 5 minutes */

#define KX_MEMORY_MOST  (1ul << 46)
#define KX_PIDS_MOST    4194304ul
#define KX_PERIOD_LEAST 1000ul
#define KX_PERIOD_MOST  1000000ul

/* --- spec.c: what a container shall be ---------------------------------------------------------------------------------- */
struct kx_mount {
    const char *type, *destination, *options, *source; /* source of a bind: a directory or an archive's name */
};
struct kx_spec {
    struct kx_strings args, env, gids, syscalls, rlimits, exports, imports; /* as in the configuration */
    const char *cwd, *uid, *gid, *umask, *hostname, *domainname, *name, *libos, *seccomp;
    const char *root; /* an archive's name, a directory or an archive's file; NULL: none was named */
    bool rootless;    /* without a root file system */
    bool terminal, readonly, no_new_privileges;
    uint64_t memory, quota, period, count, pids; /* 0: not given. Bytes, us */
    uint64_t rows, columns;                      /* of the terminal; 0: not known */
    struct kx_mount *mounts;
    size_t mount_count;
};
void kx_spec_mount(struct kx_spec *spec, const struct kx_mount *mount);
void kx_spec_env(struct kx_strings *env, const char *assignment); /* replaces one of the same name */
void kx_cpu_flags(struct kx_spec *spec, const char *cpus, const char *quota,
                  const char *period);                            /* of the command line; or NULL */
void kx_isolation_check(const char *what, const char *isolation); /* dies unless there is such an isolation */
/* Dies where parts of it contradict each other. */
void kx_spec_check(const struct kx_spec *spec);
/* The configuration strings. `root` and `binds` (one for each bind, in order) are the archives' names. */
struct kx_buffer kx_spec_config(const struct kx_spec *spec, const char *root, const struct kx_strings *binds);

/* --- config.c: the configuration strings ------------------------------------------------------------------------------------ */
void kx_config_add(struct kx_buffer *config, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void kx_config_check(const struct kx_buffer *config); /* dies when it is too long */
struct kx_buffer kx_inspect_config(uint64_t container);
/* The first value of the key, or the one after `after`; NULL when there is none. */
const char *kx_config_next(const struct kx_buffer *config, const char *after, const char *key);
struct kx_strings kx_config_all(const struct kx_buffer *config, const char *key);
bool kx_config_is(const struct kx_buffer *config, const char *key, const char *value);

/* --- mount.c: -v, --mount, --tmpfs ---------------------------------------------------------------------------------------- */
struct kx_mount kx_mount_volume(const char *text);
struct kx_mount kx_mount_long(const char *text);
struct kx_mount kx_mount_tmpfs(const char *text);
void kx_mount_check(const char *what, const struct kx_mount *mount);

/* --- manifest.c, seccomp.c: the OCI runtime specification's config.json ----------------------------------------------------- */
#define KX_MANIFEST_MOST 262144u /* bytes */
/* `file` is for messages. Paths stay as they are written; the caller knows the bundle. */
void kx_manifest_parse(struct kx_spec *spec, const char *file, const char *text, size_t bytes);
char *kx_manifest_load(const char *file, size_t *bytes); /* of a manifest's size at most */
struct json_t;
void kx_seccomp_parse(struct kx_spec *spec, const char *file, const char *text,
                      size_t bytes); /* of --security-opt */
void kx_seccomp_translate(struct kx_spec *spec, const struct json_t *seccomp, const char *path);

/* --- json.c: what a JSON value has to be; dies, naming its path ------------------------------------------------------------- */
void kx_json_ready(void); /* before all else: JSON values live in kx_keep's memory */
struct json_t *kx_json_parse(const char *file, const char *text, size_t bytes);
const char *kx_json_text(const struct json_t *value, const char *path);
int64_t kx_json_number(const struct json_t *value, const char *path);
bool kx_json_bool(const struct json_t *value, const char *path);
/* Checks that it is an array or an object; NULL is neither, and empty. */
size_t kx_json_array(const struct json_t *value, const char *path);
const struct json_t *kx_json_object(const struct json_t *value, const char *path);
const char *kx_json_where(const char *path); /* the path with the file before it */
_Noreturn void kx_json_die(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A key of an object and what is done with it. */
struct kx_key {
    const char *name;
    void (*take)(struct kx_spec *spec, const struct json_t *value,
                 const char *path); /* NULL: known, and ignored with a warning */
    const char *why;                /* of the warning */
};
/* Calls `take` for the keys that are there, in the table's order; warns of all others. */
void kx_json_take(struct kx_spec *spec, const struct json_t *object, const char *path,
                  const struct kx_key *keys);

/* --- archive.c, tree.c: newc archives ------------------------------------------------------------------------------------- */
typedef void kx_sink(void *of, const void *bytes, size_t count);
struct kx_tree;
struct kx_tree_options {
    bool one_file_system;
    bool owned; /* all belongs to user:group */
    uint32_t user, group;
};
/* What lies under `directory`, sorted; only names and attributes are read. */
struct kx_tree *kx_tree_read(const char *directory, const struct kx_tree_options *options);
/* The archive, the same bytes each time unless a file changes, which kills. Files of a page and more begin at a multiple of 4096. */
void kx_tree_write(const struct kx_tree *tree, kx_sink *sink, void *of);

/* --- image.c: archives that the supervisor keeps --------------------------------------------------------------------------- */
/* The name of the archive that `image` stands for: itself where the supervisor knows it, or that of a directory's or an archive file's
 * contents, which is sent if need be. */
const char *kx_image(const char *image);
/* Archives that kx_image sent are forgotten when kx ends, unless they are in use, so that an attempt that fails leaves nothing behind; kept
 * after kx_images_keep(true). Between the two SIGINT, SIGTERM and SIGHUP end kx at the next request that has to wait. */
void kx_images_keep(bool keep);
bool kx_interrupted(void);

/* --- device.c: the way to the supervisor; the tests have another ------------------------------------------------------------ */
int kx_device(
    void); /* a descriptor to poll: readable when something changed since the last call. Dies when there is none */
long kx_call(struct los_supervisor_call *call); /* -1 and errno when it did not reach the supervisor */

/* --- supervisor.c: requests ------------------------------------------------------------------------------------------------- */
struct kx_request {
    uint64_t word[6]; /* as in los/container.h; afterwards word[2] to [4] are the answer's */
    const void *in;
    size_t in_bytes;
    void *out;
    size_t out_room, out_bytes;
    char error[256]; /* afterwards: a line for people, where the result is negative */
};
/* Asks until the answer is no longer AGAIN. Returns the result: the negative of an enum los_supervisor_error, or 0 and more. */
int64_t kx_ask(struct kx_request *request);
int64_t kx_must(const char *what, struct kx_request *request); /* dies: what: error */
uint64_t kx_container(const char *name); /* its number; dies when there is none. Name or number */
bool kx_container_find(const char *name, struct los_container_info *info, char *error, size_t room);
bool kx_container_info(uint64_t number, struct los_container_info *info); /* false: gone */
struct los_container_info *kx_containers(size_t *count);
struct los_archive_info *kx_archives(size_t *count);
struct los_machine_info kx_machine(void);
void kx_changed(int timeout_ms);                /* waits until something may have changed */
int kx_wait(uint64_t number, const char *name); /* until it has stopped: its status */

/* --- list.c ------------------------------------------------------------------------------------------------------------------- */
const char *kx_state_text(uint32_t state); /* of an enum los_container_state */
uint64_t
kx_memory_used(const struct los_container_info *info); /* bytes; as far as its library OS tells the truth */

/* --- terminal.c, attach.c: consoles ------------------------------------------------------------------------------------------ */
bool kx_terminal_raw(void); /* standard input; false when it is no terminal. Undone at every end of kx */
void kx_terminal_restore(void);
bool kx_terminal_size(uint64_t *rows, uint64_t *columns);

struct kx_keys {
    unsigned char at[16];
    size_t count;
};
struct kx_keys kx_keys(const char *text); /* "ctrl-p,ctrl-q"; NULL for that */

struct kx_session {
    uint64_t container;
    unsigned console;
    bool terminal;    /* of the container */
    bool input;       /* standard input goes there */
    bool forward;     /* signals go to the container */
    bool pipe_signal; /* SIGPIPE, too, when nobody takes the output any more */
    bool release;     /* of exec: the console is given back, not detached from */
    struct kx_keys keys;
};
/* Relays until what runs there ends (true; its status) or the keys were typed. */
bool kx_attach(const struct kx_session *session, int *status);
bool kx_attach_stuck(void); /* a signal came again while the first was under way: what waits shall give up */
/* From the start, or the last `tail` lines (SIZE_MAX: all) of each stream. */
void kx_logs(uint64_t container, size_t tail, bool follow);

/* --- the commands ------------------------------------------------------------------------------------------------------------- */
typedef int kx_run_function(const struct kx_command *command, int argc, char **argv);
kx_run_function kx_run, kx_exec, kx_ps, kx_stats, kx_log, kx_attach_command, kx_pause, kx_unpause, kx_update,
    kx_kill, kx_stop, kx_wait_command, kx_rm, kx_inspect, kx_images, kx_image_command, kx_image_load,
    kx_image_rm, kx_pack, kx_spec_command, kx_info;

#endif
