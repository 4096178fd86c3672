/* expect: say exo_pci_read or exo_pci_write */
/* What the call needs depends on what it does. */
#include "given.h"

long test(void) { return RIGHT_WRONG(exo_pci_read(pci, 0, 4), exo_pci_config(pci, 0, 4, 0, 0)); }
