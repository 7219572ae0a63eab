/*
 * The entropy closure by Newton's method in plain C, as a worker of the benches: the same dual, the
 * same line search and the same cells as bench/workloads/closure.ts, one cell after the other from
 * no multipliers.
 *
 *   cc -O3 -march=native -ffp-contract=fast -o newton newton.c -lm
 *
 * Prints {"ready": ...}, then answers lines {"workload":"newton DEGREE CELLS DIRECTIONS","steps":N}
 * with the seconds that closing all cells N times took and a checksum of the multipliers.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST = 14, DIRECTIONS = 1024 };
static const double GAMMA = 1e-2;

static long size, directions;
static double rows[DIRECTIONS * MOST], density[DIRECTIONS], weight;
static double gradient[MOST], mean[MOST], total;

static double at(const double *alpha, const double *target) {
  double most = -1e300;
  for (long q = 0; q < directions; q++) {
    double sum = 0;
    for (long k = 0; k < size; k++) sum += alpha[k] * rows[q * size + k];
    density[q] = sum;
    if (sum > most) most = sum;
  }
  total = 0;
  for (long k = 0; k < size; k++) mean[k] = 0;
  for (long q = 0; q < directions; q++) {
    const double value = weight * exp(density[q] - most);
    density[q] = value;
    total += value;
    for (long k = 0; k < size; k++) mean[k] += value * rows[q * size + k];
  }
  double value = most + log(total);
  for (long k = 0; k < size; k++) {
    mean[k] /= total;
    value += alpha[k] * (GAMMA / 2 * alpha[k] - target[k]);
    gradient[k] = mean[k] + GAMMA * alpha[k] - target[k];
  }
  return value;
}

static void hessian(double *h) {
  memset(h, 0, size * size * sizeof(double));
  for (long q = 0; q < directions; q++)
    for (long i = 0; i < size; i++) {
      const double value = density[q] / total * rows[q * size + i];
      for (long j = 0; j <= i; j++) h[i * size + j] += value * rows[q * size + j];
    }
  for (long i = 0; i < size; i++) {
    for (long j = 0; j <= i; j++) h[i * size + j] -= mean[i] * mean[j];
    h[i * size + i] += GAMMA;
  }
}

/* Cholesky in place; s solves H s = -g; returns the slope. */
static double newton_step(double *h, double *s) {
  for (long i = 0; i < size; i++) {
    double right = -gradient[i];
    for (long j = 0; j <= i; j++) {
      double sum = h[i * size + j];
      for (long k = 0; k < j; k++) sum -= h[i * size + k] * h[j * size + k];
      if (j < i) {
        h[i * size + j] = sum / h[j * size + j];
        right -= h[i * size + j] * s[j];
      } else
        h[i * size + i] = sqrt(sum);
    }
    s[i] = right / h[i * size + i];
  }
  double slope = 0;
  for (long i = size - 1; i >= 0; i--) {
    double sum = s[i];
    for (long k = i + 1; k < size; k++) sum -= h[k * size + i] * s[k];
    s[i] = sum / h[i * size + i];
    slope += gradient[i] * s[i];
  }
  return slope;
}

static double norm(void) {
  double sum = 0;
  for (long k = 0; k < size; k++) sum += gradient[k] * gradient[k];
  return sqrt(sum);
}

static void minimise(const double *target, double *x) {
  double h[MOST * MOST], s[MOST], trial[MOST], value = at(x, target);
  for (int steps = 0; steps < 200; steps++) {
    const double g = norm();
    if (g <= 1e-12) return;
    hessian(h);
    const double slope = newton_step(h, s), noise = 1e-13 * fmax(1, fabs(value));
    for (double t = 1; t > 1e-10; t /= 2) {
      for (long k = 0; k < size; k++) trial[k] = x[k] + t * s[k];
      const double found = at(trial, target);
      if (found <= value + 1e-4 * t * slope || (found <= value + noise && norm() < g)) {
        memcpy(x, trial, size * sizeof(double));
        value = found;
        break;
      }
    }
  }
}

static void make(long degree, long count) {
  directions = count;
  weight = 6.0 / count;
  size = (degree + 1) * (degree + 2) / 2 - 1;
  for (long q = 0; q < count; q++) {
    const double x = 0.8 * ((2 * q + 1.0) / count - 1), y = 0.6 * sin(7.0 * q);
    long k = 0;
    for (long d = 1; d <= degree; d++)
      for (long a = 0; a <= d; a++) rows[q * size + k++] = pow(x, d - a) * pow(y, a);
  }
}

static double *targets(long cells) {
  double *all = malloc(cells * size * sizeof(double)), alpha[MOST], none[MOST] = {0};
  for (long c = 0; c < cells; c++) {
    for (long k = 0; k < size; k++) alpha[k] = 2 * sin(1.0 + c + 3 * k);
    at(alpha, none);
    memcpy(all + c * size, gradient, size * sizeof(double));
  }
  return all;
}

static double close_all(const double *all, long cells) {
  double sum = 0;
  for (long c = 0; c < cells; c++) {
    double x[MOST] = {0};
    minimise(all + c * size, x);
    for (long k = 0; k < size; k++) sum += x[k] * x[k] * (1 + (c + k) % 7);
  }
  return sum;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

int main(void) {
  char line[256];
  printf("{\"ready\":\"C, one thread\"}\n");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    long degree, cells, count, steps;
    if (sscanf(line, "{\"workload\":\"newton %ld %ld %ld\",\"steps\":%ld}", &degree, &cells, &count,
               &steps) != 4 || degree < 1 || degree > 4 || count > DIRECTIONS) {
      printf("{\"error\":\"expected newton DEGREE CELLS DIRECTIONS\"}\n");
      fflush(stdout);
      continue;
    }
    make(degree, count);
    double *all = targets(cells), sum = 0;
    const double start = now();
    for (long k = 0; k < steps; k++) sum = close_all(all, cells);
    const double seconds = now() - start;
    free(all);
    printf("{\"seconds\":%.9g,\"checksum\":%.17g}\n", seconds, sum);
    fflush(stdout);
  }
  return 0;
}
