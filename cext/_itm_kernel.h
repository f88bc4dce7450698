/* Irregular Terrain Model over many profiles, or over the profiles cut from one raster: shared types. */
#ifndef STELLWERK_ITM_KERNEL_H
#define STELLWERK_ITM_KERNEL_H

#include "_isa.h"

#define ITM_LANES 16       /* paths whose closed formulas run side by side */
#define ITM_MAX_POINTS 4096 /* of a profile that the kernel samples itself */

enum { ITM_OK = 0, ITM_REFRACTIVITY = 1, ITM_EARTH = 2, ITM_GROUND = 3, ITM_NOT_FINITE = 4 };

/* What all paths of a call share. */
typedef struct {
    double n0, epsilon, sigma;
    double z_time, z_location, z_situation; /* standard normal deviates, as mdvar combines them */
    int is_vertical, climate, mdvar, is_area;
} sw_itm_setting;

/* Profiles of equal length; the tables hold 1/i and 1/(n_points - 1 - i). */
typedef struct {
    const float *single_m;  /* one of the two is set */
    const double *double_m;
    ptrdiff_t n_profiles, n_points;
    const double *step_m, *tx_m, *rx_m, *f_mhz;
    const double *inverse, *inverse_back;
    const sw_itm_setting *setting;
    double *loss_db;
    uint8_t *status;
} sw_itm_profiles;

/* Heights on a grid and the points seen from one transmitter. */
typedef struct {
    const float *heights_m;
    ptrdiff_t n_y, n_x;
    double x0_m, y0_m, cell_m;
    double tx_x_m, tx_y_m, tx_m, rx_m, f_mhz, step_m;
    const double *x_m, *y_m;
    ptrdiff_t n_points, n_table;
    const double *inverse, *inverse_back; /* the second ends at 1/1 */
    const sw_itm_setting *setting;
    double *loss_db;
    uint8_t *status;
} sw_itm_map;

/* Paths of the area mode: their columns, each of n_paths. */
typedef struct {
    const double *columns; /* rows of ITM_AREA_COLUMNS */
    ptrdiff_t n_paths;
    const sw_itm_setting *setting;
    double *loss_db;
    uint8_t *status;
} sw_itm_area;

enum {
    AREA_D, AREA_TX, AREA_RX, AREA_TX_EFFECTIVE, AREA_RX_EFFECTIVE, AREA_TX_HORIZON, AREA_RX_HORIZON,
    AREA_TX_ANGLE, AREA_RX_ANGLE, AREA_DELTA_H, AREA_NS, AREA_CURVATURE, AREA_F, ITM_AREA_COLUMNS
};

/* Is the straight line free of the surface? A byte per site and point. */
typedef struct {
    const float *heights_m;
    ptrdiff_t n_y, n_x;
    double x0_m, y0_m, cell_m, step_m;
    const double *sites; /* rows of x, y, height over the surface */
    const double *points;
    ptrdiff_t n_sites, n_points;
    double half_curvature, clearance, wavelength_m;
    uint8_t *is_free;
} sw_itm_sight;

/* Ten coefficients per curve of the variability, by climate - 1: TR 82-100, Table 5.1. */
static const double itm_median[5][7] = {
    {-9.67, -0.62, 1.26, -9.21, -0.62, -0.39, 3.15},
    {12.7, 9.19, 15.5, 9.05, 9.19, 2.86, 857.9},
    {144.9e3, 228.9e3, 262.6e3, 84.1e3, 228.9e3, 141.7e3, 2222.0e3},
    {190.3e3, 205.2e3, 185.2e3, 101.1e3, 205.2e3, 315.9e3, 164.8e3},
    {133.8e3, 143.6e3, 99.8e3, 98.6e3, 143.6e3, 167.4e3, 116.3e3},
};
static const double itm_minus[5][7] = {
    {2.13, 2.66, 6.11, 1.98, 2.68, 6.86, 8.51},
    {159.5, 7.67, 6.65, 13.11, 7.16, 10.38, 169.8},
    {762.2e3, 100.4e3, 138.2e3, 139.1e3, 93.7e3, 187.8e3, 609.8e3},
    {123.6e3, 172.5e3, 242.2e3, 132.7e3, 186.8e3, 169.6e3, 119.9e3},
    {94.5e3, 136.4e3, 178.6e3, 193.5e3, 133.5e3, 108.9e3, 106.6e3},
};
static const double itm_plus[5][7] = {
    {2.11, 6.87, 10.08, 3.68, 4.75, 8.58, 8.43},
    {102.3, 15.53, 9.60, 159.3, 8.12, 13.97, 8.19},
    {636.9e3, 138.7e3, 165.3e3, 464.4e3, 93.2e3, 216.0e3, 136.2e3},
    {134.8e3, 143.7e3, 225.7e3, 93.1e3, 135.9e3, 152.0e3, 188.5e3},
    {95.6e3, 98.6e3, 129.7e3, 94.2e3, 113.4e3, 122.7e3, 122.9e3},
};
static const double itm_gain_minus[3][7] = {
    {1.0, 1.0, 1.0, 1.0, 0.92, 1.0, 1.0},
    {0.0, 0.0, 0.0, 0.0, 0.25, 0.0, 0.0},
    {0.0, 0.0, 0.0, 0.0, 1.77, 0.0, 0.0},
};
static const double itm_gain_plus[3][7] = {
    {1.0, 0.93, 1.0, 0.93, 0.93, 1.0, 1.0},
    {0.0, 0.31, 0.0, 0.19, 0.31, 0.0, 0.0},
    {0.0, 2.00, 0.0, 1.79, 2.00, 0.0, 0.0},
};
static const double itm_cd[7] = {1.224, 0.801, 1.380, 1.000, 1.224, 1.518, 1.518};
static const double itm_zd[7] = {1.282, 2.161, 1.282, 20.0, 1.282, 1.282, 1.282};

typedef double sw_v8d __attribute__((vector_size(64)));
typedef int64_t sw_v8l __attribute__((vector_size(64)));
typedef float sw_v8f __attribute__((vector_size(32)));

#define ITM_MAX(a, b) ((a) > (b) ? (a) : (b))
#define ITM_MIN(a, b) ((a) < (b) ? (a) : (b))
#define ITM_DIM(a, b) ((a) > (b) ? (a) - (b) : 0.0)

#define SW_BODY "_itm_variant.h"
#include "_variants.h"

typedef void (*sw_itm_profiles_fn)(const sw_itm_profiles *, ptrdiff_t);
typedef void (*sw_itm_map_fn)(const sw_itm_map *, ptrdiff_t);
typedef void (*sw_itm_area_fn)(const sw_itm_area *, ptrdiff_t);
typedef void (*sw_itm_sight_fn)(const sw_itm_sight *, ptrdiff_t);
static const sw_itm_profiles_fn sw_itm_profiles_table[] = SW_EACH_ISA(itm_profiles);
static const sw_itm_map_fn sw_itm_map_table[] = SW_EACH_ISA(itm_map);
static const sw_itm_area_fn sw_itm_area_table[] = SW_EACH_ISA(itm_area);
static const sw_itm_sight_fn sw_itm_sight_table[] = SW_EACH_ISA(itm_sight);

static inline void sw_itm_profiles_block(int isa, const sw_itm_profiles *p, ptrdiff_t block)
{
    sw_itm_profiles_table[isa](p, block);
}
static inline void sw_itm_map_block(int isa, const sw_itm_map *p, ptrdiff_t block)
{
    sw_itm_map_table[isa](p, block);
}
static inline void sw_itm_area_block(int isa, const sw_itm_area *p, ptrdiff_t block)
{
    sw_itm_area_table[isa](p, block);
}
static inline void sw_itm_sight_row(int isa, const sw_itm_sight *p, ptrdiff_t row)
{
    sw_itm_sight_table[isa](p, row);
}

#endif
