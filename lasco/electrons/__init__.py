"""From brightness to electrons and mass: Thomson scattering, regions of the corona, the mass of a CME."""
