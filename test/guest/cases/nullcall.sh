/test/programs/nullcall; /test/programs/forkbench
