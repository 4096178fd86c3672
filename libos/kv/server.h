/* SPDX-License-Identifier: MPL-2.0 */
#ifndef KV_SERVER_H
#define KV_SERVER_H

#include <stdint.h>

/* Once, before: memory for the values, behind MAIN_PAGES that main.c uses. */
enum { MAIN_PAGES = 3 };
void server_prepare(void);
/* Serves calls for ever, on the calling vCPU. */
_Noreturn void serve(void);
/* entry.S: where a fault of a serving vCPU must enter, and the copy that may fault: 0, or -1 where one of the pages is not there. */
void server_fault_entry(void);
long server_copy(void *to, const void *from, uint64_t bytes);

/* Where the page of client slot n appears. */
#define SERVER_PAGES   0x180000000ul
#define SERVER_PAGE(n) (SERVER_PAGES + (n)*4096ul)
#define SERVER_CLIENTS 16u

#endif
