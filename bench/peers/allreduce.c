/*
 * Sums over the processes of an MPI job in plain C: the calls that core/comm makes, and nothing else.
 *
 *   mpicc -O3 -o allreduce allreduce.c && mpiexec -n 2 ./allreduce 8:1000 4194304:20
 *
 * Arguments are BYTES:CALLS; prints {"BYTES": median seconds of a call, …} by process 0.
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(long bytes, long calls) {
  const int count = (int)(bytes / sizeof(float));
  float *data = calloc(count, sizeof(float));
  double *seconds = malloc(calls * sizeof(double));
  for (long i = 0; i < calls; i++) {
    MPI_Barrier(MPI_COMM_WORLD);
    const double start = MPI_Wtime();
    MPI_Allreduce(MPI_IN_PLACE, data, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    seconds[i] = MPI_Wtime() - start;
  }
  qsort(seconds, calls, sizeof(double), ascending);
  const double middle = seconds[calls / 2];
  free(data);
  free(seconds);
  return middle;
}

int main(int argc, char **argv) {
  int rank;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank == 0) printf("{");
  for (int i = 1; i < argc; i++) {
    char *rest;
    const long bytes = strtol(argv[i], &rest, 10);
    const double seconds = median(bytes, strtol(rest + 1, NULL, 10));
    if (rank == 0) printf("%s\"%ld\": %.9f", i == 1 ? "" : ", ", bytes, seconds);
  }
  if (rank == 0) printf("}\n");
  MPI_Finalize();
  return 0;
}
