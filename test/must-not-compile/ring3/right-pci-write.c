/* expect: exo_pci_config: argument 1 must be a PCI token with EXO_W */
/* To read the configuration is not to write it. */
#include "given.h"

long test(void) { return exo_pci_write(RIGHT_WRONG(pci, exo_weaken(pci, EXO_R)), 4, 2, 0); }
