/* SPDX-License-Identifier: MPL-2.0 */
/* I/O ports, for drivers in ring 3: a token's range, less the ports that the exokernel keeps for itself. */
#include "call.h"
#include "reference.h"

#define WRITE_MAX 256

/* Turns an offset into a port number; or an error. */
static long check_port(const struct ports_ref *ports, uint64_t offset, uint64_t width)
{
    if (width != 1 && width != 2 && width != 4)
        return -EXO_E_BAD_ARGUMENT;
    if (offset >= ports->count || width > ports->count - offset)
        return -EXO_E_BAD_ARGUMENT;
    uint32_t port = (uint32_t)(ports->base + offset);
    return machine_port_allowed(port, (uint32_t)width) ? (long)port : -EXO_E_BAD_ARGUMENT;
}

long call_port_in(const struct call *call)
{
    NEED(ports, ports, 0, EXO_R);
    long port = check_port(&ports, call->argument[1], call->argument[2]);
    if (port < 0)
        return port;

    return machine_port_in((uint32_t)port, (uint32_t)call->argument[2]);
}

long call_port_out(const struct call *call)
{
    NEED(ports, ports, 0, EXO_W);
    long port = check_port(&ports, call->argument[1], call->argument[2]);
    if (port < 0)
        return port;

    machine_port_out((uint32_t)port, (uint32_t)call->argument[2], (uint32_t)call->argument[3]);
    return 0;
}

long call_port_write(const struct call *call)
{
    uint64_t n = call->argument[3];
    NEED(ports, ports, 0, EXO_W);
    long port = check_port(&ports, call->argument[1], 1);
    if (port < 0)
        return port;
    uint8_t bytes[WRITE_MAX];
    if (n > WRITE_MAX)
        return -EXO_E_BAD_ARGUMENT;
    if (!machine_copy_in(bytes, call->argument[2], n))
        return -EXO_E_BAD_ADDRESS;

    for (uint64_t i = 0; i < n; i++)
        machine_port_out((uint32_t)port, 1, bytes[i]);
    return (long)n;
}
