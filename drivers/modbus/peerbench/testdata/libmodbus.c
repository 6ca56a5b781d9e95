/* The libmodbus client, measured as the others are: tcp ADDR CONNECTIONS REQUESTS DEPTH
   (one connection, one at a time) or rtu PATH BAUD BITS CYCLES. */
#include <errno.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static long long ns(struct timeval t) { return t.tv_sec * 1000000000LL + t.tv_usec * 1000LL; }

static long long cpu(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return ns(u.ru_utime) + ns(u.ru_stime);
}

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void ask(modbus_t *c, int count) {
  uint16_t r[125];
  if (modbus_read_registers(c, 0, count, r) != count || r[count - 1] != count) {
    fprintf(stderr, "wrong answer: %s\n", modbus_strerror(errno));
    exit(1);
  }
}

int main(int argc, char **argv) {
  modbus_t *c;
  long requests = 0;
  if (argc != 6) return 2;
  int tcp = !strcmp(argv[1], "tcp");
  if (tcp) {
    char *colon = strrchr(argv[2], ':');
    *colon = 0;
    c = modbus_new_tcp(argv[2], atoi(colon + 1));
  } else {
    c = modbus_new_rtu(argv[2], atoi(argv[3]), 'N', 8, 1);
  }
  if (!c || modbus_set_slave(c, 1) || modbus_connect(c)) {
    fprintf(stderr, "connect: %s\n", modbus_strerror(errno));
    return 1;
  }
  for (int i = 0; tcp && i < 64; i++) ask(c, 10);
  long long used = cpu(), began = now();
  if (tcp) {
    requests = atol(argv[4]);
    for (long i = 0; i < requests; i++) ask(c, 10);
  } else {
    for (int i = 0; i < atoi(argv[5]); i++)
      for (int u = 1; u <= 8; u++, requests++) {
        modbus_set_slave(c, u);
        ask(c, 20);
      }
  }
  printf("{\"requests\":%ld,\"ns\":%lld,\"cpu_ns\":%lld,\"allocs\":0,\"rss_kib\":0}\n", requests, now() - began, cpu() - used);
  return 0;
}
