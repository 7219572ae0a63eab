/*
 * The bulk of a lattice Boltzmann step in plain C, as a worker of the benches: the same update as
 * tasks/flow/plain_kernel.ts, on the same layout, written such that compilers vectorise it.
 *
 *   cc -O3 -march=native -ffp-contract=fast -o lbm lbm.c
 *
 * Prints {"ready": ...}, then answers lines {"workload":"step NX NY","steps":N} with the seconds
 * that N steps took and a checksum of one step from repeatable numbers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const double EVEN = 1.8, ODD = 0.6;

struct lattice {
  long nx, ny, pitch, plane;
  double *state[2];
};

/* A row of cells: gathers from the neighbours, relaxes, writes. Offsets are those of the planes. */
static void row(const double *restrict a, double *restrict b, long n, long pitch, long plane) {
  const double w0 = 4.0 / 9, w1 = 1.0 / 9, w5 = 1.0 / 36;
  const double *restrict h0 = a, *restrict hE = a + plane - 1, *restrict hN = a + 2 * plane - pitch;
  const double *restrict hW = a + 3 * plane + 1, *restrict hS = a + 4 * plane + pitch;
  const double *restrict hNE = a + 5 * plane - pitch - 1, *restrict hNW = a + 6 * plane - pitch + 1;
  const double *restrict hSW = a + 7 * plane + pitch + 1, *restrict hSE = a + 8 * plane + pitch - 1;
#pragma GCC ivdep
  for (long x = 0; x < n; x++) {
    const double c = h0[x], e = hE[x], t = hN[x], w = hW[x], s = hS[x];
    const double ne = hNE[x], nw = hNW[x], sw = hSW[x], se = hSE[x];
    const double rho = c + e + t + w + s + ne + nw + sw + se;
    const double jx = e - w + ne - nw - sw + se, jy = t - s + ne + nw - sw - se;
    const double base = rho - 1.5 * (jx * jx + jy * jy);
    const double jp = jx + jy, jm = jy - jx;
    b[x] = c - EVEN * (c - w0 * base);
    double p = EVEN * (0.5 * (e + w) - w1 * (base + 4.5 * jx * jx));
    double q = ODD * (0.5 * (e - w) - 3 * w1 * jx);
    b[plane + x] = e - p - q;
    b[3 * plane + x] = w - p + q;
    p = EVEN * (0.5 * (t + s) - w1 * (base + 4.5 * jy * jy));
    q = ODD * (0.5 * (t - s) - 3 * w1 * jy);
    b[2 * plane + x] = t - p - q;
    b[4 * plane + x] = s - p + q;
    p = EVEN * (0.5 * (ne + sw) - w5 * (base + 4.5 * jp * jp));
    q = ODD * (0.5 * (ne - sw) - 3 * w5 * jp);
    b[5 * plane + x] = ne - p - q;
    b[7 * plane + x] = sw - p + q;
    p = EVEN * (0.5 * (nw + se) - w5 * (base + 4.5 * jm * jm));
    q = ODD * (0.5 * (nw - se) - 3 * w5 * jm);
    b[6 * plane + x] = nw - p - q;
    b[8 * plane + x] = se - p + q;
  }
}

static void step(const struct lattice *l, int from) {
  for (long y = 1; y <= l->ny; y++) {
    const long at = y * l->pitch + 1;
    row(l->state[from] + at, l->state[1 - from] + at, l->nx, l->pitch, l->plane);
  }
}

/* Repeatable numbers in [-0.01, 0.01): bench/workloads/workload.ts makes the same. */
static void fill(double *x, long n) {
  unsigned long seed = 1;
  for (long k = 0; k < n; k++) {
    seed = seed * 48271 % 2147483647;
    x[k] = 0.01 * (float)(seed / 1073741823.5 - 1);
  }
}

static double checksum(const struct lattice *l) {
  double sum = 0;
  for (long k = 0; k < 9 * l->plane; k++) sum += l->state[1][k] * l->state[1][k] * (1 + k % 7);
  return sum;
}

static struct lattice make(long nx, long ny) {
  struct lattice l = {nx, ny, nx + 2, (nx + 2) * (ny + 2), {NULL, NULL}};
  for (int k = 0; k < 2; k++) {
    l.state[k] = aligned_alloc(64, (9 * l.plane * sizeof(double) + 63) / 64 * 64);
    memset(l.state[k], 0, 9 * l.plane * sizeof(double));
  }
  fill(l.state[0], 9 * l.plane);
  return l;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

int main(void) {
  char line[256];
  struct lattice l = {0, 0, 0, 0, {NULL, NULL}};
  printf("{\"ready\":\"C, one thread\"}\n");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    long nx, ny, steps;
    if (sscanf(line, "{\"workload\":\"step %ld %ld\",\"steps\":%ld}", &nx, &ny, &steps) != 3) {
      printf("{\"error\":\"expected step NX NY\"}\n");
      fflush(stdout);
      continue;
    }
    if (nx != l.nx || ny != l.ny) {
      free(l.state[0]);
      free(l.state[1]);
      l = make(nx, ny);
    }
    fill(l.state[0], 9 * l.plane);
    step(&l, 0);
    const double sum = checksum(&l);
    const double start = now();
    for (long k = 0; k < steps; k++) step(&l, k % 2);
    printf("{\"seconds\":%.9g,\"checksum\":%.17g}\n", now() - start, sum);
    fflush(stdout);
  }
  return 0;
}
