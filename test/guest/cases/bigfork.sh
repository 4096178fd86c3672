# Both sides of a fork keep what they had; the figures are looked at by bench/.
/test/programs/bigfork check 1
/test/programs/bigfork check 13
/test/programs/bigfork 32 | sed 's/[0-9.]* us/X us/'
