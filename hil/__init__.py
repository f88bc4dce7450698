"""Hardware in the loop: emulators, real daemons, faults and rehearsal."""
