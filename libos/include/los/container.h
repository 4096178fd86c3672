/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the supervisor and a container share beyond the start page (image.h): configuration, consoles in memory, a mailbox, and the
 * requests that a container with the supervisor's gate can make. Plain types only: kx, a program of the personality above, includes it.
 *
 *   LOS_CONFIG    the configuration, read-only: start->config_bytes bytes of strings KEY=VALUE, each with a NUL at its end
 *   LOS_CONTROL   struct los_control: the mailbox. Both sides write it
 *   LOS_CONSOLES  console n (struct los_console) at + n * LOS_CONSOLE_SPAN. Both sides write it
 *   LOS_CHANNEL   the buffer of requests, where start->gate is given: start->channel_bytes. Both sides write it
 *
 * Neither side believes the other: every index, length and size is checked against what the reader knows by itself.
 */
#ifndef LOS_CONTAINER_H
#define LOS_CONTAINER_H

#include <stdint.h>

#define LOS_CONFIG       0x701000010000ul
#define LOS_CONFIG_MOST  65536ul /* bytes */
#define LOS_CONTROL      0x701000020000ul
#define LOS_CHANNEL      0x701000040000ul
#define LOS_CHANNEL_MOST 65536ul
#define LOS_CONSOLES     0x701000080000ul
#define LOS_EVENT_FROM_SUPERVISOR                                                                              \
    24 /* the bit of vCPU 0 that it rings: output was taken, input or mail came, the answer may differ */
#define LOS_CONSOLE_SPAN 0x10000ul /* of addresses */
#define LOS_CONSOLES_MAX 8         /* 0 is that of the first program; the others are for exec */

/*
 * Keys of the configuration, with the OCI runtime specification's meaning. Those marked * may come several times, in order. The
 * supervisor reads the second group itself, and passes all on. Unknown keys are ignored by both: kx warns of them.
 *
 *   args*        an argument of the program, from args[0] on; of an image that is its program itself, from args[1] on
 *   env*         NAME=VALUE
 *   cwd          absolute path
 *   uid gid      decimal; gids* additional groups
 *   umask        octal
 *   terminal     1: console 0 is a terminal; otherwise plain bytes, standard error apart
 *   rows columns of the terminal at the beginning (default: not known)
 *   hostname domainname
 *   readonly     1: the root file system is mounted read-only
 *   mount*       TYPE:DESTINATION:OPTIONS:SOURCE, where TYPE is tmpfs, proc, devtmpfs, devpts, sysfs or bind; OPTIONS as in mount(8);
 *                of a bind the SOURCE is the number of an archive of the start page, from 1 on, or a path in the container
 *   pids         how many processes and threads at most
 *   seccomp      default action: allow, errno:N or kill
 *   syscall*     ACTION:NAME, an exception to it
 *   no_new_privileges  1: set-user-id and the like change nothing
 *   rlimit*      NAME:SOFT:HARD, as in setrlimit(2) without RLIMIT_, lower case
 *
 *   name         1 to 63 letters, digits, _, . and -; the first a letter or digit
 *   libos        the library OS image (default linux)
 *   root         the archive that is the root file system (default rootfs); empty: none
 *   archive*     further archives
 *   memory       bytes, all in
 *   cpu.quota cpu.period   us; without a quota: what nobody else wants
 *   cpu.count    vCPUs (default: as many as the quota allows, or one for each CPU)
 *   gate.export* a name under which a gate to the container's vCPU 0 is found
 *   gate.import* a name that another container exports
 *   supervisor   1: it gets the supervisor's gate as well
 */

/* --- a console in memory ------------------------------------------------------------------------------------------------ */
/* Bytes [read, written) modulo size are under way. The counters only grow; the producer writes `written`, the consumer `read`.
 * size and offset tell the container; the supervisor keeps its own. */
struct los_ring {
    uint64_t written, read;
    uint32_t size, offset; /* bytes, a power of two; from the start of the console */
    uint32_t
        hold; /* out, err: nobody takes bytes away unless they were read: the producer waits. 0: it overwrites the oldest */
    uint32_t closed;  /* in: no more will come */
    uint32_t waiting; /* the producer waits for room, and wants to be rung */
    uint32_t unused;
};
struct los_console {
    struct los_ring out, err, in; /* out and err: from the container */
    uint32_t terminal;            /* 1: a terminal; 0: plain bytes */
    uint32_t rows, columns;       /* of the terminal; changes with `resized` */
    uint32_t resized;             /* counts */
    uint32_t ended;               /* by the container: what ran on it has ended, with `status` */
    int32_t status;
};

/* --- the mailbox: the supervisor's messages to the library OS ---------------------------------------------------------- */
enum los_mail_kind {
    LOS_MAIL_SIGNAL = 1, /* word[0]: the number (the personality's), to the first program */
    LOS_MAIL_EXEC,       /* word[0]: console; text: a configuration: args, env, cwd, uid, gid, gids, terminal */
    LOS_MAIL_MEMORY, /* word[0]: FRAME token, [1]: pages: another extent, mapped at the end of the direct map */
    LOS_MAIL_END,    /* end in an orderly way, as if switched off */
};
#define LOS_MAIL_TEXT 7600ul
struct los_control {
    uint32_t posted,
        taken; /* counters: equal while there is no mail; the container sets `taken` after result */
    uint32_t kind;
    int32_t result; /* 0, or the negative of an enum los_error */
    uint64_t word[6];
    uint32_t text_bytes;
    /* What the library OS tells of itself; shown by kx, believed by nobody. */
    uint32_t processes, threads;
    uint64_t memory_pages, free_pages; /* of what it was given; free right now */
    uint64_t system_calls;
    uint64_t entered_ns; /* when the library OS ran its first instruction, by the machine's clock */
    char text[LOS_MAIL_TEXT];
};

/* --- requests through the supervisor's gate ------------------------------------------------------------------------------ */
/*
 * Message: word[0] operation, [1] container, [2] to [5] as below, [6] bytes of text in the channel. Answer: word[0] 0 or more, or the
 * negative of an enum los_supervisor_error, with a line of text for people in the channel; [1] bytes there; [2] to [4] as below.
 * A container is known by its number, which is never used again; 0 in word[1] means the one whose name is the first string in the channel.
 */
enum los_supervisor_operation {
    LOS_SUPERVISOR_RUN = 1, /* text: configuration. word[2]: 1: attached from the start. Result: the number */
    LOS_SUPERVISOR_LIST,    /* struct los_container_info of all, from number word[2] on, as many as fit */
    LOS_SUPERVISOR_INSPECT, /* the configuration */
    LOS_SUPERVISOR_READ, /* word[2]: console, [3]: 0 out, 1 err, [4]: from which byte on (counted from the start). Answer: the bytes, [2]:
                                of which the first is this one (later where the oldest were overwritten), [3]: 1: ended, [4]: status */
    LOS_SUPERVISOR_WRITE, /* word[2]: console, text: input. Answer: how many were taken. Without text and word[3] = 1: no more comes */
    LOS_SUPERVISOR_ATTACH, /* word[2]: console, [3]: 1 attach, 0 detach; [4]: 1: from the oldest byte kept. While one is attached no byte is lost. BUSY */
    LOS_SUPERVISOR_RESIZE, /* word[2]: console, [3]: rows, [4]: columns */
    LOS_SUPERVISOR_SIGNAL, /* word[2]: number; KILL (9) destroys it whatever it does */
    LOS_SUPERVISOR_EXEC,   /* text: configuration. Result: console. It is attached */
    LOS_SUPERVISOR_RELEASE, /* word[2]: console of an exec that ended, or shall be left alone */
    LOS_SUPERVISOR_PAUSE,
    LOS_SUPERVISOR_RESUME,
    LOS_SUPERVISOR_UPDATE,   /* text: memory, cpu.quota, cpu.period */
    LOS_SUPERVISOR_REMOVE,   /* one that ended. word[2]: 1: kills it first */
    LOS_SUPERVISOR_ARCHIVE,  /* text: NAME, word[2]: bytes: makes room for an archive. Result: its number */
    LOS_SUPERVISOR_FILL,     /* word[1]: archive, [2]: offset, text: bytes */
    LOS_SUPERVISOR_SEAL,     /* word[1]: archive: complete; containers may use it from now on */
    LOS_SUPERVISOR_ARCHIVES, /* struct los_archive_info of all */
    LOS_SUPERVISOR_FORGET,   /* word[1]: archive, which nobody uses; or its name as text */
    LOS_SUPERVISOR_IMAGES,   /* the names of the library OS images, each with a NUL */
    LOS_SUPERVISOR_MACHINE,  /* struct los_machine_info */
};
enum los_supervisor_error {
    LOS_S_AGAIN =
        1, /* what is wanted is on its way: ask again (frames are being asked back, the mailbox is in use) */
    LOS_S_INVALID, /* the request or the configuration is wrong */
    LOS_S_NOTHING, /* no such container, console, archive or image */
    LOS_S_EXISTS,  /* the name is taken */
    LOS_S_BUSY,    /* somebody uses it */
    LOS_S_MEMORY,  /* not that much memory */
    LOS_S_TIME,    /* not that much CPU time */
    LOS_S_STATE,   /* not while it is in this state */
    LOS_S_LIMIT,   /* a limit of the supervisor itself */
    LOS_S_REFUSED, /* not for you */
};

enum los_container_state {
    LOS_CONTAINER_CREATED = 1,
    LOS_CONTAINER_RUNNING,
    LOS_CONTAINER_PAUSED,
    LOS_CONTAINER_STOPPED
};
struct los_container_info {
    uint32_t number, state; /* enum los_container_state */
    int32_t status;         /* STOPPED: its exit status; 125: a vCPU stopped by a fault; 137: killed */
    uint32_t vcpus;
    char name[64], libos[32], root[64], command[64];
    uint64_t created_ns, started_ns, ended_ns; /* of the machine's clock */
    uint64_t first_instruction_ns;             /* from the request to the library OS's entry */
    uint64_t cpu_ns;                           /* used so far, by all its vCPUs */
    uint64_t memory_limit, memory_pages, pool_pages, pool_free,
        shared_pages;             /* bytes; pages of 4 KiB it owns, in its pool, read-only from others */
    uint64_t quota_us, period_us; /* 0: no quota */
    uint32_t processes, threads;  /* as its library OS says */
    uint64_t free_pages;
    uint64_t out_bytes, in_bytes;          /* through console 0 */
    uint64_t recalled_pages, forced_pages; /* given back when asked; taken by force */
};
struct los_archive_info {
    uint32_t number, users;
    char name[64];
    uint64_t bytes;
    uint32_t sealed, unused;
};
struct los_machine_info {
    uint64_t cpus, pages, free_pages, containers, now_ns;
    uint64_t supervisor_tokens, supervisor_pool_free;
};

/* What a process asks of /dev/kx: control(LOS_SUPERVISOR_CALL, address of this). Input goes to the channel, the answer's text comes back. */
#define LOS_SUPERVISOR_CALL 0x4b780001u
struct los_supervisor_call {
    uint64_t word[6];      /* as in the message; afterwards word[0] is the result, [2] to [4] the answer's */
    uint64_t in, in_bytes; /* addresses of the caller's */
    uint64_t out, out_room, out_bytes;
};
#endif
