/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Archives: root file systems and what is bound into them. Their frames are shared read-only by all containers that use them. Those of
 * the boot are modules; others come through the gate, and are sealed before anybody sees them.
 */
#include "supervisor.h"

#define ARCHIVE_MOST 0x40000000ul /* bytes */

static struct archive archives[ARCHIVES_MAX];
static uint32_t last_number;

struct archive *archive_at(uint32_t i) { return &archives[i]; }

static struct archive *new_archive(const char *name)
{
    for (uint32_t i = 0; i < ARCHIVES_MAX; i++) {
        if (archives[i].number)
            continue;
        archives[i] = (struct archive){.number = ++last_number, .module = UINT32_MAX};
        text_copy(archives[i].name, sizeof archives[i].name, name);
        return &archives[i];
    }
    return NULL;
}

static long make_view(struct archive *archive)
{
    return exo_token_derive(archive->token, EXO_R | EXO_X | EXO_SEND, 0, PAGES(archive->bytes), &archive->view);
}

/* Every module that begins as an archive does. */
void archives_start(void)
{
    for (uint32_t i = 1; i < boot->modules; i++) {
        char name[64];
        if (boot->module[i].size < 6)
            continue;
        struct exo_map map = EXO_MAP(ARCHIVES_VA, boot_module(i), 0, 1, EXO_MAP_R);
        MUST("module", exo_space_map(boot_space(), &map, 1));
        const char *magic = (const char *)ARCHIVES_VA;
        bool is = magic[0] == '0' && magic[1] == '7' && magic[2] == '0' && magic[3] == '7' && magic[4] == '0';
        MUST("module", exo_space_unmap(boot_space(), ARCHIVES_VA, 1));
        module_name(i, name);
        for (size_t n = 1; n < sizeof name && name[n]; n++) /* without the extension */
            if (name[n] == '.')
                name[n] = 0;
        struct archive *archive = is ? new_archive(name) : NULL;
        if (!archive)
            continue;
        archive->module = i;
        archive->token = boot_module(i);
        archive->bytes = boot->module[i].size;
        MUST("module", make_view(archive));
        archive->sealed = true;
    }
}

struct archive *archive_find(const char *name)
{
    for (uint32_t i = 0; i < ARCHIVES_MAX; i++)
        if (archives[i].number && text_equal(archives[i].name, name))
            return &archives[i];
    return NULL;
}

struct archive *archive_number(uint64_t number)
{
    for (uint32_t i = 0; number && i < ARCHIVES_MAX; i++)
        if (archives[i].number == number)
            return &archives[i];
    return NULL;
}

static uint8_t *place(const struct archive *archive)
{
    return (uint8_t *)(ARCHIVES_VA + (uint64_t)(archive - archives) * ARCHIVE_SPAN);
}

static void let_go(struct archive *archive)
{
    if (archive->token) {
        MUST("archive", exo_token_revoke(archive->token)); /* the view, too */
        MUST("archive", exo_token_drop(archive->token));
    }
    memory_give(OWNER_ARCHIVE, archive->range);
    archive->number = 0;
}

struct archive *archive_make(const char *name, uint64_t bytes, struct failure *why)
{
    struct archive *there = archive_find(name);
    if (!text_is_name(name)) {
        refuse(why, LOS_S_INVALID, "'%s' is no name for an archive", name);
        return NULL;
    }
    if (there) {
        refuse(why, LOS_S_EXISTS, "there is an archive '%s' already", name);
        return NULL;
    }
    if (!bytes || bytes > ARCHIVE_MOST) {
        refuse(why, LOS_S_INVALID, "an archive of %u bytes: at least 1, at most %u", bytes, ARCHIVE_MOST);
        return NULL;
    }
    if (!limit_want(PAGES(bytes), why))
        return NULL;
    struct archive *archive = new_archive(name);
    if (!archive) {
        refuse(why, LOS_S_LIMIT, "no more than %u archives", (uint64_t)ARCHIVES_MAX);
        return NULL;
    }
    archive->bytes = bytes;
    long error = 0;
    if (!memory_take(OWNER_ARCHIVE, PAGES(bytes), &archive->range)) {
        archive->range.pages = 0;
        let_go(archive);
        refuse(why, LOS_S_MEMORY, "no %u bytes of memory in a row for the archive", bytes);
        return NULL;
    }
    if ((error = memory_token(archive->range, &archive->token)) == 0)
        error = map_pages(boot_space(), (uint64_t)place(archive), archive->token, 0, archive->range.pages,
                          EXO_MAP_R | EXO_MAP_W);
    if (error < 0) {
        exo_space_unmap(boot_space(), (uint64_t)place(archive), PAGES(bytes));
        let_go(archive);
        refuse_exo(why, "the archive", error);
        return NULL;
    }
    memset(place(archive), 0, archive->range.pages * PAGE);
    return archive;
}

bool archive_fill(struct archive *archive, uint64_t offset, const void *from, uint64_t bytes,
                  struct failure *why)
{
    if (archive->sealed)
        return refuse(why, LOS_S_STATE, "the archive '%s' is sealed", archive->name);
    if (offset > archive->bytes || bytes > archive->bytes - offset)
        return refuse(why, LOS_S_INVALID, "bytes beyond the archive's end");
    memcpy(place(archive) + offset, from, bytes);
    return true;
}

bool archive_seal(struct archive *archive, struct failure *why)
{
    if (archive->sealed)
        return refuse(why, LOS_S_STATE, "the archive '%s' is sealed", archive->name);
    long error = make_view(archive);
    if (error < 0)
        return refuse_exo(why, "the archive", error);
    MUST("archive", exo_space_unmap(boot_space(), (uint64_t)place(archive), archive->range.pages));
    archive->sealed = true;
    return true;
}

bool archive_forget(struct archive *archive, struct failure *why)
{
    if (archive->users)
        return refuse(why, LOS_S_BUSY, "%u containers use the archive '%s'", (uint64_t)archive->users,
                      archive->name);
    if (archive->module != UINT32_MAX)
        return refuse(why, LOS_S_STATE, "the archive '%s' came with the boot and stays", archive->name);
    if (!archive->sealed)
        MUST("archive", exo_space_unmap(boot_space(), (uint64_t)place(archive), archive->range.pages));
    let_go(archive);
    return true;
}
