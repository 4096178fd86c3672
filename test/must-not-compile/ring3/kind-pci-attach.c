/* expect: exo_pci_attach: argument 1 must be a PCI token with EXO_X */
/* A queue is not the function that has it. */
#include "given.h"

long test(void) { return exo_pci_attach(RIGHT_WRONG(pci, queue), space, 0); }
