/* A server made of libmodbus, for the client to be tried on: tcp, or rtu PATH BAUD.
   It prints the port it listens on, or the path. Registers and bits of unit u hold
   value(u, a) until they are written; addresses end at 59999. */
#include <arpa/inet.h>
#include <errno.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

enum { LAST = 60000 };

static modbus_mapping_t *units[256];

static uint16_t value(uint8_t unit, uint16_t addr) {
  uint32_t x = (uint32_t)unit << 16 | addr;
  x ^= x >> 15;
  x *= 0x2c1b3c6d;
  x ^= x >> 12;
  x *= 0x297a2d39;
  return (uint16_t)(x >> 15);
}

static modbus_mapping_t *of(uint8_t unit) {
  if (units[unit]) return units[unit];
  modbus_mapping_t *m = modbus_mapping_new(LAST, LAST, LAST, LAST);
  for (int a = 0; a < LAST; a++) {
    m->tab_registers[a] = m->tab_input_registers[a] = value(unit, a);
    m->tab_bits[a] = m->tab_input_bits[a] = value(unit, a) & 1;
  }
  return units[unit] = m;
}

/* Answers one request; -1 ends the connection. */
static int once(modbus_t *c) {
  uint8_t q[MODBUS_TCP_MAX_ADU_LENGTH];
  int n = modbus_receive(c, q);
  if (n == 0) return 0; /* for another unit */
  if (n < 0) return -1;
  return modbus_reply(c, q, n, of(q[modbus_get_header_length(c) - 1])) < 0 ? -1 : 0;
}

static int tcp(void) {
  modbus_t *c = modbus_new_tcp("127.0.0.1", 1);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof a;
  int l = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(l, (struct sockaddr *)&a, sizeof a) || listen(l, 100) || getsockname(l, (struct sockaddr *)&a, &len)) return 1;
  printf("127.0.0.1:%d\n", ntohs(a.sin_port));
  fflush(stdout);
  fd_set all;
  FD_ZERO(&all);
  FD_SET(l, &all);
  for (;;) {
    fd_set ready = all;
    if (select(FD_SETSIZE, &ready, 0, 0, 0) < 0) return 1;
    for (int fd = 0; fd < FD_SETSIZE; fd++) {
      if (!FD_ISSET(fd, &ready)) continue;
      if (fd == l) {
        int s = accept(l, 0, 0);
        if (s >= 0) FD_SET(s, &all);
        continue;
      }
      modbus_set_socket(c, fd);
      if (once(c) < 0) {
        FD_CLR(fd, &all);
        close(fd);
      }
    }
  }
}

static int rtu(char *path, int baud) {
  modbus_t *c = modbus_new_rtu(path, baud, 'N', 8, 1);
  if (!c || modbus_set_slave(c, 1) || modbus_connect(c)) return 1;
  printf("%s\n", path);
  fflush(stdout);
  for (;;) {
    if (once(c) < 0 && errno != EMBBADCRC && errno != ETIMEDOUT) return 1;
  }
}

int main(int argc, char **argv) {
  if (argc == 2 && !strcmp(argv[1], "tcp")) return tcp();
  if (argc == 4 && !strcmp(argv[1], "rtu")) return rtu(argv[2], atoi(argv[3]));
  return 2;
}
