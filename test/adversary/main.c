/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The harness: the first domain. It makes the victim once, and for every attack a hostile domain; gives it its time,
 * destroys it, and judges: what the attacker complained about, how the victim fared, and whether everything that the attacker
 * had is back. The word only=TEXT on the command line chooses attacks by a part of their names.
 */
#include "attack.h"

extern const __attribute__((visibility("hidden"))) struct attack lib_attacks[], lib_attacks_end[];

#define SHARE_MS      200 /* a CPU share is judged over at least that time */
#define NOTHING_LINE  5   /* an interrupt line and ports where QEMU's q35 has nothing without further options */
#define NOTHING_PORTS 0x100

/* Does time pass as instructions do (--icount, and the word `exact` on the command line)? Then every attack is judged by what the
 * victim got of its slices meanwhile. Else other work takes the emulator's time as it likes, and only all attacks together say
 * something. */
static bool exact;

#define LENT_WINDOW 62

static struct domain victim, attacker;
static unsigned failed, passed, skipped;
static exo_handle event; /* of the victim's last vCPU */
static exo_handle ports, irq, shared, lent;

/* --- the victim ------------------------------------------------------------------------------------------------- */

struct victim_state {
    uint64_t ns, lines, progress[VCPUS_MAX], cpu_ns[VCPUS_MAX];
    struct exo_domain_info info;
};

static struct victim_state look_at_victim(void)
{
    struct victim_state state = {.lines = victim.start->lines};
    MUST(exo_domain_info(victim.domain, &state.info));
    state.ns = now_ns();
    for (unsigned n = 0; n < boot->cpus; n++) {
        state.progress[n] = victim.start->progress[n];
        state.cpu_ns[n] = domain_vcpu(&victim, n).cpu_ns;
    }
    return state;
}

static void make_victim(void)
{
    const struct wish wish = {
        .vcpus = (unsigned)boot->cpus,
        .memory_pages = VICTIM_PAGES + 1,
        .budget_us = VICTIM_BUDGET_US,
        .period_us = VICTIM_PERIOD_US,
        .watched = true,
        .entry = victim_main,
    };
    domain_new(&victim, &wish, 0);
    victim_fill((uint64_t *)victim.window);
    event = (exo_handle)MUST(exo_event_derive(victim.vcpu[boot->cpus - 1], EXO_PENDING_USER));
    shared = (exo_handle)MUST(exo_token_derive(victim.given_memory, EXO_ALL, VICTIM_PAGES, 1));
    domain_start(&victim);
    uint64_t deadline = now_ns() + 2000 * MS;
    for (unsigned n = 0; n < boot->cpus; n++)
        while (victim.start->progress[n] == 0)
            if (now_ns() > deadline)
                give_up("the victim does not run", 0);
}

/* --- judging ---------------------------------------------------------------------------------------------------- */

static bool good;
static const char *judged;

#define JUDGE(condition, ...)                                                                                  \
    do {                                                                                                       \
        if (!(condition))                                                                                      \
            fail_test(__VA_ARGS__);                                                                            \
    } while (0)

static void fail_test(const char *format, ...)
{
    char text[256];
    __builtin_va_list arguments;
    __builtin_va_start(arguments, format);
    format_text(text, sizeof text, format, arguments);
    __builtin_va_end(arguments);
    log_line("FAILED %s: %s", judged, text);
    good = false;
}

/* What the victim got of its slices, in %, on the CPU where it got least; and how often it went round. */
static uint64_t least_share_of(const struct victim_state *before, const struct victim_state *after)
{
    uint64_t least = UINT64_MAX, due = (after->ns - before->ns) * VICTIM_BUDGET_US / VICTIM_PERIOD_US + 1;
    for (unsigned n = 0; n < boot->cpus; n++) {
        uint64_t share = (after->cpu_ns[n] - before->cpu_ns[n]) * 100 / due;
        least = share < least ? share : least;
    }
    return least;
}

static void judge_victim(const struct victim_state *before, const struct victim_state *after)
{
    JUDGE(after->lines == before->lines, "victim: %s", victim.start->line[0]);
    JUDGE(victim_holds((const uint64_t *)victim.window), "the victim's memory has changed");
    JUDGE(after->info.tokens == before->info.tokens && after->info.pool_free == before->info.pool_free &&
              after->info.spaces == before->info.spaces && after->info.vcpus == before->info.vcpus &&
              after->info.vcpus_dead == 0,
          "the victim's domain has changed: %u tokens, %u frames free, %u vCPUs dead",
          (uint64_t)after->info.tokens, after->info.pool_free, (uint64_t)after->info.vcpus_dead);
    uint64_t ns = after->ns - before->ns, share = least_share_of(before, after);
    if (ns < SHARE_MS * MS)
        return;
    if (exact)
        JUDGE(share >= 95, "the victim had %u %% of its time in %u ms", share, ns / MS);
    else if (share < 50)
        log_line("note %s: the victim had %u %% of its time in %u ms", judged, share, ns / MS);
}

static void judge_resources(const struct resources *before)
{
    struct resources after = resources();
    JUDGE(after.pool_pages == before->pool_pages && after.pool_free == before->pool_free,
          "%d frames of the harness's pool are not back", (long)(before->pool_free - after.pool_free));
    JUDGE(after.tokens == before->tokens, "%d tokens of the harness are too many",
          (long)(after.tokens - before->tokens));
    JUDGE(after.spaces == before->spaces && after.vcpus == before->vcpus,
          "spaces or vCPUs of the harness's changed");
}

/* The same time can be split off again. */
static void judge_slices(const struct wish *wish)
{
    for (unsigned n = 0; n < wish->vcpus; n++) {
        uint64_t cpu = (wish->cpu_of_all >> 63 ? wish->cpu_of_all : n) % boot->cpus;
        long slice = exo_slice_create(boot->slice, 1ul << cpu, wish->budget_us, wish->period_us);
        JUDGE(slice > 0, "the time on CPU %u is not back: %s", cpu, error_name(slice));
        if (slice > 0)
            MUST(exo_token_drop((exo_handle)slice));
    }
}

static void judge_lines(const struct start *start)
{
    for (uint64_t i = 0; i < start->lines && i < LINES_MAX; i++)
        fail_test("%s", start->line[i]);
    if (start->lines > LINES_MAX)
        fail_test("and %u more", start->lines - LINES_MAX);
}

/* --- an attack -------------------------------------------------------------------------------------------------- */

static struct wish wish_for(const struct attack *attack)
{
    unsigned cpus = (unsigned)boot->cpus;
    struct wish wish = {
        .entry = attack->run, .vcpus = 1, .cpu_of_all = ALL_ON(cpus - 1), .budget_us = GIVEN_BUDGET_US};
    if (attack->flags & ON_ALL_CPUS)
        wish.vcpus = cpus, wish.cpu_of_all = 0;
    if (attack->flags & TWO_VCPUS) { /* they shall meet: more time for each */
        wish.budget_us = cpus < 2 ? 3 * GIVEN_BUDGET_US / 2 : 3 * GIVEN_BUDGET_US;
        wish.vcpus = cpus < 2 ? 2 : wish.vcpus;
        wish.cpu_of_all = attack->flags & ON_ALL_CPUS ? wish.cpu_of_all : 0;
    }
    wish.period_us = 10000;
    if (attack->flags & HOG)
        wish.budget_us = 600000, wish.period_us = 1000000;
    wish.domain_rights = attack->flags & OWNS_ITSELF ? EXO_ALL : 0;
    if (attack->flags & BIG)
        wish.pool_pages = wish.memory_pages = 1024;
    return wish;
}

static void give(struct domain *domain)
{
    domain_give(domain, boot->machine, EXO_R, 0);
    domain_give(domain, ports, EXO_ALL, 0);
    domain_give(domain, irq, EXO_ALL, 0);
    domain_give(domain, shared, EXO_R | EXO_SEND | EXO_SPLIT, EXO_SEND_CONTENTS);
    domain_give(domain, event, EXO_W, 0);
}

/* Ends the tokens given away that have not ended with the domain. */
static void take_back(void)
{
    MUST(exo_token_revoke(ports));
    MUST(exo_token_revoke(irq));
    MUST(exo_token_revoke(shared));
    MUST(exo_token_revoke(event));
    MUST(exo_token_revoke(lent));
}

static bool run_attack(const struct attack *attack)
{
    judged = attack->name;
    good = true;
    struct resources before = resources();
    struct victim_state victim_before = look_at_victim();
    struct wish wish = wish_for(attack);
    domain_new(&attacker, &wish, 1);
    give(&attacker);
    attacker.start->argument[0] = exact;
    domain_start(&attacker);
    char why[sizeof attacker.start->line[0]];
    const char *wrong = attack->meddle ? attack->meddle(&attacker, lent, (uint8_t *)WINDOW(LENT_WINDOW)) : NULL;
    JUDGE(wrong == NULL, "%s", wrong);
    bool ended = domain_wait(&attacker, (attack->ms ? attack->ms : 5000) * MS);
    struct exo_vcpu_state state = domain_vcpu(&attacker, 0);

    if (attack->flags & STOPS)
        JUDGE(state.status == EXO_VCPU_FAULTED, "vCPU 0 should have been stopped: status %u",
              (uint64_t)state.status);
    else if (!(attack->flags & ENDLESS))
        JUDGE(ended && state.status == EXO_VCPU_EXITED,
              "vCPU 0 did not end well: status %u, vector %u at %x, rip %x", (uint64_t)state.status,
              (uint64_t)state.vector, state.address, state.regs.rip);
    bool skips = attacker.start->skipped != 0;
    if (!skips)
        judge_lines(attacker.start);
    memcpy(why, attacker.start->line[0], sizeof why);
    struct victim_state victim_after = look_at_victim();
    judge_victim(&victim_before, &victim_after);

    JUDGE(domain_end(&attacker) > 0, "the attacker's domain cannot be destroyed");
    if (!good && attacker.first_page != arena_used)
        return false; /* it is still there: nothing after this could be judged */
    take_back();
    JUDGE(arena_is_free(attacker.first_page, attacker.pages),
          "a frame of the attacker's is in use, or not zeroed");
    judge_slices(&attacker.wish);
    judge_resources(&before);
    if (good)
        log_line("%s %s%s%s (%u ms, victim %u %%)", skips ? "skipped" : "ok", attack->name, skips ? ": " : "",
                 skips ? why : "", (victim_after.ns - victim_before.ns) / MS,
                 least_share_of(&victim_before, &victim_after));
    skipped += good && skips;
    passed += good && !skips;
    failed += !good;
    return true;
}

static void judge_whole_run(const struct victim_state *start)
{
    judged = "the whole run";
    good = true;
    struct victim_state now = look_at_victim();
    uint64_t share = least_share_of(start, &now);
    log_line("the whole run: the victim had %u %% of its time in %u ms", share, (now.ns - start->ns) / MS);
    if (now.ns - start->ns < 10 * SHARE_MS * MS)
        return;
    JUDGE(share >= 50, "the victim was starved");
    for (unsigned n = 0; n < boot->cpus; n++)
        JUDGE(now.progress[n] > start->progress[n], "the victim stood still on CPU %u", (uint64_t)n);
    failed += !good;
}

static void option(const char *name, char *to, size_t size)
{
    to[0] = 0;
    for (const char *at = boot->command_line; *at; at++) {
        size_t i = 0;
        while (name[i] && at[i] == name[i])
            i++;
        if (name[i])
            continue;
        size_t n = 0;
        for (; n < size - 1 && at[i] && at[i] != ' '; i++)
            to[n++] = at[i];
        to[n] = 0;
    }
}

void image_main(void)
{
    char only[64];
    option("only=", only, sizeof only);
    exact = holds_text(boot->command_line, "exact");
    ports = (exo_handle)MUST(exo_token_derive(boot->ports, EXO_ALL, NOTHING_PORTS, PORTS_GIVEN));
    irq = (exo_handle)MUST(exo_token_derive(boot->irqs, EXO_ALL, NOTHING_LINE, 1));
    lent = (exo_handle)MUST(exo_token_derive(arena, EXO_ALL, arena_used, LENT_PAGES));
    struct exo_map map = {WINDOW(LENT_WINDOW), lent, 0, LENT_PAGES, EXO_MAP_R | EXO_MAP_W};
    MUST(exo_space_map(boot->space, &map, 1));
    arena_used += LENT_PAGES;
    make_victim();
    struct victim_state start = look_at_victim();
    for (const struct attack *attack = lib_attacks; attack < lib_attacks_end; attack++)
        if (holds_text(attack->name, only) && !(exact && attack->flags & NOT_EXACT) && !run_attack(attack))
            break;
    judge_whole_run(&start);
    JUDGE(domain_end(&victim) > 0, "the victim cannot be destroyed");
    log_line("%u passed, %u skipped, %u failed on %u CPUs", (uint64_t)passed, (uint64_t)skipped,
             (uint64_t)failed, (uint64_t)boot->cpus);
    power_off(failed > 0 || passed + skipped == 0);
}
