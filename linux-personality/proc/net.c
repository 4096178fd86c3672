/* SPDX-License-Identifier: MPL-2.0 */
/* /proc/net: the tables of a machine without network cards; each is its heading, and the loopback's line. */
#include <proc/proc.h>

static long dev(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    los_text_add(
        text,
        "Inter-|   Receive                                                |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo "
        "colls carrier compressed\n"
        "    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0"
        "     0       0          0\n");
    return 0;
}

static long route(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    los_text_add(text, "%-127s\n",
                 "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT");
    return 0;
}

static long unix_sockets(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    los_text_add(text, "Num       RefCount Protocol Flags    Type St Inode Path\n");
    return 0;
}

static long tcp(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    los_text_add(
        text, "%-149s\n",
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode");
    return 0;
}

static long udp(struct los_text *text, const struct los_pseudo_node *node)
{
    (void)node;
    los_text_add(text, "%-127s\n",
                 "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
                 "inode ref pointer drops");
    return 0;
}

static const struct los_pseudo dev_file = PROC_FILE(dev, 0444), route_file = PROC_FILE(route, 0444),
                               unix_file = PROC_FILE(unix_sockets, 0444), tcp_file = PROC_FILE(tcp, 0444),
                               udp_file = PROC_FILE(udp, 0444);
static const struct los_pseudo_item items[] = {
    {"dev", &dev_file}, {"raw", &udp_file},   {"route", &route_file}, {"tcp", &tcp_file},
    {"udp", &udp_file}, {"unix", &unix_file}, {NULL, NULL},
};
const struct los_pseudo lx_proc_net = PROC_DIRECTORY(items);
