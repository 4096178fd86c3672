# SPDX-License-Identifier: MPL-2.0
# What the terminal tests share: a guest on a pseudo terminal, and words to talk with it.
set timeout 30
set prompt {[#$] (\033\[6n)?$} ;# the shell asks the terminal where its cursor is; no answer is an answer
log_user 0
if {[info exists env(VERBOSE)]} { log_user 1 }
exp_internal -f $env(TRANSCRIPT).internal 0
log_file -noappend -a $env(TRANSCRIPT)
match_max 100000

proc fail {what} {
    puts "failed: $what"
    catch {exec kill [exp_pid]}
    exit 1
}
# Starts the machine (boot/run, or MACHINE) with the arguments and waits for the shell's prompt. --direct is QEMU's alone.
proc start {args} {
    global spawn_id prompt env
    set machine boot/run
    if {[info exists env(MACHINE)] && $env(MACHINE) != "boot/run"} {
        set machine $env(MACHINE)
        set args [lsearch -all -inline -not -exact $args --direct]
    }
    eval spawn -noecho $machine $args
    expect {
        -re $prompt {}
        timeout { fail "no prompt" }
        eof { fail "ended before the prompt" }
    }
}
# Waits for a regular expression.
proc want {pattern what} {
    expect {
        -re $pattern {}
        timeout { fail $what }
        eof { fail "$what (the guest ended)" }
    }
}
# Types a line, and waits for what it must print. The pattern must not match the line's own echo.
proc type {line pattern} {
    send -- "$line\r"
    want $pattern "'$line' did not give '$pattern'"
}
proc ready {} {
    global prompt
    want $prompt "no prompt came back"
}
# The guest must end by itself, with status 0.
proc ends {what} {
    expect {
        eof {}
        timeout { fail "$what did not end the machine" }
    }
    set status [lindex [wait] 3]
    if {$status != 0} { fail "$what ended the machine with status $status" }
}
