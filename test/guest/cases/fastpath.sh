# A patched site does not enter the exokernel; the other form shows that its entries are counted.
/test/programs/getppids patched 100000
/test/programs/getppids reflected 5000
