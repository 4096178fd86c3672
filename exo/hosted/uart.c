/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Two 16550A UARTs, of which ring 3's driver sees the registers (PC16550D data sheet): COM1 is the console and raises line 4, COM2 is
 * the standard error. There is nothing else at any port: reads give all ones.
 */
#include "hosted.h"

enum { COM1 = 0x3f8, COM2 = 0x2f8, UART_PORTS = 8, COM1_LINE = 4, LINES = 16 };
enum { DATA, INTERRUPTS, REASON, LINE, MODEM, STATUS, MODEM_STATUS, SCRATCH }; /* registers */
enum { ON_RECEIVED = 1, ON_SENT = 2, DIVISOR_LATCH = 0x80 };
enum { REASON_NONE = 1, REASON_SENT = 2, REASON_RECEIVED = 4, FIFOS_ON = 0xc0 };
enum { STATUS_RECEIVED = 1, STATUS_SENT = 0x60, MODEM_PRESENT = 0xb0 };

/* What this process has sent and not written yet: it does before it leaves the exokernel. */
static HOST_OWN struct output {
    uint32_t held;
    char bytes[512];
} output[2];

static bool received(void) { return __atomic_load_n(&host.input_end, __ATOMIC_ACQUIRE) != host.input_first; }

bool host_uart_input_wanted(void)
{
    return host.input_end - __atomic_load_n(&host.input_first, __ATOMIC_ACQUIRE) < INPUT_RING;
}

static uint32_t reason(const struct host_uart *uart)
{
    if ((uart->interrupts & ON_RECEIVED) && uart == &host.uart[0] && received())
        return REASON_RECEIVED;
    return uart->interrupts & ON_SENT ? REASON_SENT : REASON_NONE;
}

/* The line is up and open: CPU 0 gets the interrupt. */
static void look(void)
{
    if (reason(&host.uart[0]) != REASON_NONE &&
        !__atomic_load_n(&host.line_masked[COM1_LINE], __ATOMIC_SEQ_CST))
        host_raise(0, INTERRUPT_LINE);
}

void host_uart_received(void) { look(); }

void host_uart_interrupt(void)
{
    if (reason(&host.uart[0]) == REASON_NONE || host.line_masked[COM1_LINE])
        return;
    machine_irq_mask(COM1_LINE, true);
    core_irq(COM1_LINE);
}

static void write_out(unsigned number)
{
    struct output *out = &output[number];
    for (uint32_t at = 0; at < out->held;) {
        long n = host_call(SYS_write, (long)number + 1, (long)out->bytes + at, out->held - at, 0, 0, 0);
        if (n == -4 /* EINTR */)
            continue;
        if (n == -11 /* EAGAIN: somebody made the terminal non-blocking */) {
            host_yield();
            continue;
        }
        if (n <= 0) { /* nobody listens any more, or the disk is full */
            host.write_error[number] = (int)-n;
            break;
        }
        at += (uint32_t)n;
    }
    out->held = 0;
}

void host_uart_flush(void)
{
    for (unsigned i = 0; i < 2; i++)
        if (output[i].held)
            write_out(i);
}

static void send(const struct host_uart *uart, uint8_t byte)
{
    unsigned number = uart == &host.uart[1];
    if (output[number].held == sizeof output[number].bytes)
        write_out(number);
    output[number].bytes[output[number].held++] = (char)byte;
}

static uint8_t receive(void)
{
    if (!received())
        return 0;
    uint8_t byte = host.input[host.input_first % INPUT_RING];
    bool was_full = !host_uart_input_wanted();
    __atomic_store_n(&host.input_first, host.input_first + 1, __ATOMIC_RELEASE);
    if (was_full)
        host_tell_keeper(); /* it reads on */
    return byte;
}

static uint8_t read_register(struct host_uart *uart, uint32_t at)
{
    bool divisor = uart->line & DIVISOR_LATCH;
    switch (at) {
    case DATA: return divisor ? uart->divisor[0] : uart == &host.uart[0] ? receive() : 0;
    case INTERRUPTS: return divisor ? uart->divisor[1] : uart->interrupts;
    case REASON: return (uint8_t)(reason(uart) | FIFOS_ON);
    case LINE: return uart->line;
    case MODEM: return uart->modem;
    case STATUS: return STATUS_SENT | (uart == &host.uart[0] && received() ? STATUS_RECEIVED : 0);
    case MODEM_STATUS: return MODEM_PRESENT;
    default: return uart->scratch;
    }
}

static void write_register(struct host_uart *uart, uint32_t at, uint8_t value)
{
    bool divisor = uart->line & DIVISOR_LATCH;
    switch (at) {
    case DATA:
        if (divisor)
            uart->divisor[0] = value;
        else
            send(uart, value);
        break;
    case INTERRUPTS:
        if (divisor)
            uart->divisor[1] = value;
        else
            uart->interrupts = value & 0xf;
        look();
        break;
    case LINE: uart->line = value; break;
    case MODEM: uart->modem = value; break;
    case SCRATCH: uart->scratch = value; break;
    }
}

static struct host_uart *uart_at(uint32_t port)
{
    return port - COM1 < UART_PORTS ? &host.uart[0] : port - COM2 < UART_PORTS ? &host.uart[1] : NULL;
}

/* --- ports and lines as the core sees them -------------------------------------------------------------------------- */

bool machine_port_allowed(uint32_t port, uint32_t count)
{
    return count && port < 0x10000 && count <= 0x10000 - port;
}

uint32_t machine_port_in(uint32_t port, uint32_t width)
{
    uint32_t value = 0;
    for (uint32_t i = 0; i < width; i++) {
        struct host_uart *uart = uart_at(port + i);
        value |= (uart ? read_register(uart, (port + i) % UART_PORTS) : 0xffu) << 8 * i;
    }
    return value;
}

void machine_port_out(uint32_t port, uint32_t width, uint32_t value)
{
    for (uint32_t i = 0; i < width; i++) {
        struct host_uart *uart = uart_at(port + i);
        if (uart)
            write_register(uart, (port + i) % UART_PORTS, (uint8_t)(value >> 8 * i));
    }
}

uint32_t machine_irqs(void) { return LINES; }

void machine_irq_mask(uint32_t line, bool masked)
{
    __atomic_store_n(&host.line_masked[line], masked, __ATOMIC_SEQ_CST);
    if (!masked && line == COM1_LINE)
        look();
}

/* --- what a hosted machine does not have ------------------------------------------------------------------------------ */

uint32_t machine_pci_functions(void) { return 0; }
uint32_t machine_pci_read(uint32_t function, uint32_t offset, uint32_t width)
{
    (void)function, (void)offset, (void)width;
    return UINT32_MAX;
}
void machine_pci_write(uint32_t function, uint32_t offset, uint32_t width, uint32_t value)
{
    (void)function, (void)offset, (void)width, (void)value;
}
bool machine_iommu(void) { return false; }
bool machine_iommu_attach(uint32_t function, uint64_t table_pfn, uint32_t number)
{
    (void)function, (void)table_pfn, (void)number;
    return false;
}
void machine_iommu_flush(void) {}
