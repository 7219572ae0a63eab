/*
 * A step of discrete ordinates in plain C, as a worker of the benches: the same update as
 * tasks/kinetic/plain_kernel.ts on the same layout, row by row from the upwind side, written such
 * that compilers vectorise it.
 *
 *   cc -O3 -march=native -ffp-contract=fast -o sweep sweep.c
 *
 * Prints {"ready": ...}, then answers lines {"workload":"order ORDER CELLS DIRECTIONS","steps":N}
 * with the seconds that N steps took and a checksum of one step from repeatable numbers. A step of
 * order 1 is one upwind stage, one of order 2 Heun's method with limited slopes.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const double KEPT = 0.9, SOURCE = 0.01, COURANT = 0.3;

struct problem {
  long order, n, directions, pitch, plane, field;
  double *state[2], *kept, *source, *flux, *faces, *mask;
};

/* Face values of a row along x and y, from the cell before the first one on; Venkatakrishnan. */
static void face_row(const double *restrict c, double *restrict fx, double *restrict fy,
                     const double *restrict mask, long n, long pitch, double area, double row_mask,
                     double sx, double sy) {
#pragma GCC ivdep
  for (long i = 0; i < n + 2; i++) {
    const double p = c[i - 1], e = c[i], w = c[i - 2], t = c[i - 1 + pitch], s = c[i - 1 - pitch];
    const double x = 0.25 * (e - w), y = 0.25 * (t - s);
    double most = p > e ? p : e, least = p < e ? p : e;
    most = most > w ? most : w, least = least < w ? least : w;
    most = most > t ? most : t, least = least < t ? least : t;
    most = most > s ? most : s, least = least < s ? least : s;
    const double d = most - p < p - least ? most - p : p - least;
    const double g = fabs(x) + fabs(y), base = d * d + area;
    const double ratio = (base + 2 * g * d) / (base + g * d + 2 * g * g);
    const double scale = mask[i] * row_mask * (ratio < 1 ? ratio : 1);
    fx[i] = p + sx * scale * x;
    fy[i] = p + sy * scale * y;
  }
}

static void update_row(const double *restrict psi, double *restrict out, const double *fx,
                       const double *fx_up, const double *fy, const double *fy_up,
                       const double *restrict kept, const double *restrict source,
                       double *restrict flux, long n, double lx, double ly, double w, int mean) {
#pragma GCC ivdep
  for (long i = 0; i < n; i++) {
    const double v =
        kept[i] * psi[i] + source[i] - (lx * (fx[i] - fx_up[i]) + ly * (fy[i] - fy_up[i]));
    const double stage = v > 0 ? v : 0, next = mean ? 0.5 * (out[i] + stage) : stage;
    out[i] = next;
    flux[i] += w * next;
  }
}

static void stage(const struct problem *p, int from, int to, int mean) {
  const double h = 1.0 / p->n, w = 6.0 / p->directions;
  memset(p->flux, 0, p->field * sizeof(double));
  for (long q = 0; q < p->directions; q++) {
    const double x = 0.8 * ((2 * q + 1.0) / p->directions - 1), y = q % 2 ? -0.5 : 0.5;
    const long sx = x < 0 ? -1 : 1, sy = y < 0 ? -1 : 1, up = sy * p->pitch;
    const double lx = COURANT * fabs(x), ly = COURANT * fabs(y);
    double *fx = p->faces, *now = p->faces + p->pitch + 2, *before = now + p->pitch + 2;
    const long first = sy > 0 ? 0 : p->n - 1;
    for (long k = p->order == 1 ? 0 : -1; k < p->n; k++) {
      const long j = first + sy * k, at = q * p->plane + (j + 2) * p->pitch + 2, cell = j * p->n;
      const double *psi = p->state[from] + at;
      double *out = p->state[to] + at;
      if (p->order == 1) {
        update_row(psi, out, psi, psi - sx, psi, psi - up, p->kept + cell, p->source + cell,
                   p->flux + cell, p->n, lx, ly, w, mean);
        continue;
      }
      face_row(psi, fx, now, p->mask, p->n, p->pitch, h * h, p->mask[j + 1], sx, sy);
      if (k >= 0)
        update_row(psi, out, fx + 1, fx + 1 - sx, now + 1, before + 1, p->kept + cell,
                   p->source + cell, p->flux + cell, p->n, lx, ly, w, mean);
      double *other = now;
      now = before;
      before = other;
    }
  }
}

static void step(const struct problem *p, long number) {
  if (p->order == 1) {
    stage(p, number % 2, 1 - number % 2, 0);
    return;
  }
  stage(p, 0, 1, 0);
  stage(p, 1, 0, 1);
}

/* Repeatable numbers in [0, 1) within the frame: bench/workloads/workload.ts makes the same. */
static void fill(const struct problem *p) {
  unsigned long seed = 1;
  for (long k = 0; k < p->directions * p->plane; k++) {
    seed = seed * 48271 % 2147483647;
    const double value = 0.5 + 0.5 * (float)(seed / 1073741823.5 - 1);
    const long i = k % p->pitch - 2, j = k % p->plane / p->pitch - 2;
    const int inside = i >= 0 && i < p->n && j >= 0 && j < p->n;
    p->state[0][k] = inside ? value : 0;
    p->state[1][k] = 0;
  }
}

static double checksum(const struct problem *p) {
  const double *state = p->state[p->order == 1 ? 1 : 0];
  double sum = 0;
  for (long k = 0; k < p->directions * p->plane; k++) sum += state[k] * state[k] * (1 + k % 7);
  return sum;
}

static double *numbers(long n) { return calloc(n + 16, sizeof(double)); }

static struct problem make(long order, long n, long directions) {
  struct problem p = {order, n, directions, 2 * ((n + 5) / 2), 0, n * n, {NULL, NULL},
                      NULL,  NULL, NULL, NULL, NULL};
  p.plane = p.pitch * (n + 4);
  for (int k = 0; k < 2; k++) p.state[k] = numbers(directions * p.plane);
  p.kept = numbers(p.field), p.source = numbers(p.field), p.flux = numbers(p.field);
  p.faces = numbers(3 * (p.pitch + 2)), p.mask = numbers(n + 2);
  for (long k = 0; k < p.field; k++) p.kept[k] = KEPT, p.source[k] = SOURCE;
  for (long i = 2; i < n; i++) p.mask[i] = 1;
  return p;
}

static void drop(struct problem *p) {
  free(p->state[0]), free(p->state[1]), free(p->kept), free(p->source);
  free(p->flux), free(p->faces), free(p->mask);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

int main(void) {
  char line[256];
  struct problem p = {0};
  printf("{\"ready\":\"C, one thread\"}\n");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    long order, n, directions, steps;
    if (sscanf(line, "{\"workload\":\"order %ld %ld %ld\",\"steps\":%ld}", &order, &n, &directions,
               &steps) != 4) {
      printf("{\"error\":\"expected order ORDER CELLS DIRECTIONS\"}\n");
      fflush(stdout);
      continue;
    }
    if (order != p.order || n != p.n || directions != p.directions) {
      drop(&p);
      p = make(order, n, directions);
      fill(&p);
      step(&p, 0);
    }
    const double start = now();
    for (long k = 0; k < steps; k++) step(&p, k);
    const double seconds = now() - start;
    fill(&p);
    step(&p, 0);
    printf("{\"seconds\":%.9g,\"checksum\":%.17g}\n", seconds, checksum(&p));
    fflush(stdout);
  }
  return 0;
}
