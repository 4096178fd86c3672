# For gdb on the hosted machine: its signals pass by, and the library OS has its symbols.
#   gdb -x test/debug/hosted.gdb -p PROCESS        or a core file: gdb -x test/debug/hosted.gdb build/hosted/kxos CORE
set pagination off
set confirm off
handle SIGSYS SIGSEGV SIGBUS SIGFPE SIGILL SIGUSR1 nostop noprint pass
add-symbol-file build/linux.elf

define kxos-cpus
    set $i = 0
    while $i < host.cpus
        printf "CPU %d: process %d, state %d, vCPU %p", $i, host.cpu[$i].process, host.cpu[$i].state, host.cpu[$i].vcpu
        if host.cpu[$i].vcpu
            output/a host.cpu[$i].vcpu->regs.rip
            printf " rsp %#lx", host.cpu[$i].vcpu->regs.rsp
        end
        printf "\n"
        set $i = $i + 1
    end
end
document kxos-cpus
What each CPU runs, and where its vCPU last entered the exokernel.
end

define kxos-vcpu
    set $v = (struct vcpu *) $arg0
    print $v->machine.regs
    info symbol $v->machine.regs.rip
    x/24a $v->machine.regs.rsp
end
document kxos-vcpu
kxos-vcpu ADDRESS: registers of a vCPU when it last entered the exokernel, and the top of its stack.
end
