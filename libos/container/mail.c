/* SPDX-License-Identifier: MPL-2.0 */
/* The supervisor's messages. One at a time lies in the control page; what it says is copied before it is believed. */
#include "internal.h"
#include <exo/typed.h>
#include <los/personality.h>

#define REPORT_NS 500000000ull

static struct los_link executions = {&executions, &executions};
static struct los_timer report;

struct los_execution *los_execution_take(void)
{
    if (executions.next == &executions)
        return NULL;
    struct los_execution *first = LOS_CONTAINER(executions.next, struct los_execution, link);
    los_list_remove(&first->link);
    return first;
}

static int queue_execution(const struct los_control *mail)
{
    uint32_t bytes = mail->text_bytes;
    if (bytes > LOS_MAIL_TEXT || !los_personality.execute)
        return -LOS_E_INVAL;
    struct los_execution *execution = los_alloc(sizeof(*execution) + bytes + 1);
    if (!execution)
        return -LOS_E_NOMEM;
    char *text = (char *)(execution + 1);
    memcpy(text, mail->text, bytes);
    text[bytes] = 0;
    *execution = (struct los_execution){.console = (unsigned)mail->word[0], .config = {text, bytes}};
    los_list_add_last(&executions, &execution->link);
    los_personality.execute();
    return 0;
}

static int add_memory(const struct los_control *mail)
{
    int error = los_pages_add(mail->word[0], mail->word[1]);
    if (!error)
        los_files_limit();
    return error;
}

static int obey(const struct los_control *mail)
{
    switch (mail->kind) {
    case LOS_MAIL_SIGNAL:
        return los_personality.signal ? los_personality.signal((int)mail->word[0]) : -LOS_E_INVAL;
    case LOS_MAIL_EXEC: return queue_execution(mail);
    case LOS_MAIL_MEMORY: return add_memory(mail);
    case LOS_MAIL_END: los_container_exit(0);
    default: return -LOS_E_INVAL;
    }
}

void los_mail_rang(void)
{
    struct los_control *control = LOS_CONTROL_PAGE;
    uint32_t posted = __atomic_load_n(&control->posted, __ATOMIC_ACQUIRE);
    if (posted == control->taken)
        return;
    int result = obey(control);
    control->result = result;
    if (result && control->kind == LOS_MAIL_EXEC)
        los_console_ended((unsigned)control->word[0], 126);
    __atomic_store_n(&control->taken, posted, __ATOMIC_RELEASE);
    los_ring_supervisor();
}

/* --- what we tell --------------------------------------------------------------------------------------------------------- */

static void tell(struct los_timer *timer)
{
    struct los_control *control = LOS_CONTROL_PAGE;
    uint32_t processes = 0;
    struct los_process *process;
    LOS_LIST_FOR(process, &los_processes, all) processes++;
    control->processes = processes;
    control->threads = los_thread_total();
    control->memory_pages = los_pages_total();
    control->free_pages = los_pages_free_count();
    (void)timer;
}

void los_ring_supervisor(void)
{
    if (LOS_START_PAGE->supervisor != NULL)
        exo_event_ring(LOS_START_PAGE->supervisor);
}

void los_supervisor_rang(void)
{
    tell(&report);
    los_mail_rang();
    los_consoles_rang();
    los_callers_rang();
}

void los_supervision_init(void)
{
    if (LOS_START_PAGE->supervisor == NULL)
        return;
    los_timer_init(&report, tell);
    LOS_CONTROL_PAGE->entered_ns = los_start_ns;
    tell(&report);
    los_supervisor_device();
}
