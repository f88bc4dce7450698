/* The tables of sites and sectors that kernels over cells read, and the size of a block of points. */
#ifndef STELLWERK_LINK_TABLES_H
#define STELLWERK_LINK_TABLES_H

#include "_isa.h"

#define SW_BLOCK 256        /* points per block: the state of one carrier is 4 kB, all in L1 */

/* Columns of the site table: geometry and the coefficients of TR 38.901 in log2 of linear gain. */
enum {
    SITE_X, SITE_Y, SITE_DH,      /* position, height above the receiver [m] */
    SITE_BREAK,                   /* d2D up to which the near LOS branch holds [m] */
    SITE_NEAR_A, SITE_NEAR_B,     /* near LOS: a + b log2(d3D^2) + c d3D */
    SITE_NEAR_C,
    SITE_FAR_A, SITE_FAR_B,       /* far LOS: a + b log2(d3D^2) */
    SITE_NLOS_A, SITE_NLOS_B,     /* NLOS: min(LOS, a + b log2(d3D^2)) */
    SITE_LOS_D0, SITE_LOS_D1,     /* P(LOS) = s + e (1 - s), s = min(1, d0 / d), */
    SITE_LOS_K,                   /* e = exp2(-k max(d - d1, 0)) */
    SITE_DMIN,                    /* smaller d2D are taken as this [m] */
    SITE_LOS_C, SITE_LOS_CK,      /* high terminals: P(LOS) (1 + c d^3 exp2(-ck d)); c = 0 without */
    SITE_COLUMNS
};

/* Columns of the sector table: the antenna of TR 38.901 Table 7.3-1 in log2 of linear gain. */
enum {
    SECTOR_AZIMUTH,               /* boresight, counter-clockwise from x [rad] */
    SECTOR_KH,                    /* horizontal: kh phi^2, 0 = omnidirectional [1/rad^2] */
    SECTOR_TILT,                  /* below the horizon [rad] */
    SECTOR_KV, SECTOR_SLA_V,      /* vertical: min(kv theta^2, sla) */
    SECTOR_A_MAX,                 /* most the whole pattern takes away */
    SECTOR_POWER,                 /* log2 of EIRP per resource element [mW] */
    SECTOR_LOAD,                  /* share of time and band that is on the air */
    SECTOR_SERVES,                /* 1: may be best server; 0: interferes only */
    SECTOR_COLUMNS
};

#endif
