/* Goes through a log of Zeek by a set: scan SET LOG. Ends with 1 when something was found.
 *
 *   cargo build --release -p shield-c
 *   cc -Icrates/shield-c/include crates/shield-c/examples/scan.c target/release/libshield_c.a -lpthread -ldl -lm -o scan */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shield.h"

/* All bytes of a file; ends the program where it cannot be read. */
static char *all_of(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  char *bytes = NULL;
  size_t room = 0;
  *length = 0;
  if (file == NULL) {
    perror(path);
    exit(2);
  }
  for (;;) {
    if (*length == room) {
      room = room * 2 + 65536;
      bytes = realloc(bytes, room);
      if (bytes == NULL) {
        fprintf(stderr, "no memory\n");
        exit(2);
      }
    }
    size_t now = fread(bytes + *length, 1, room - *length, file);
    *length += now;
    if (now == 0) break;
  }
  fclose(file);
  return bytes;
}

static void tell(void *context, const shield_hit *hit) {
  ++*(size_t *)context;
  printf("%" PRIu64 " %" PRIu64 " %.*s\n", hit->at, hit->found.id, (int)hit->seen_length, hit->seen);
}

int main(int count, char **words) {
  if (count != 3) {
    fprintf(stderr, "scan SET LOG\n");
    return 2;
  }
  size_t length, hits = 0;
  char *bytes = all_of(words[1], &length);
  shield_set *set;
  int outcome = shield_open((const uint8_t *)bytes, length, &set);
  free(bytes);
  if (outcome != SHIELD_OK) {
    fprintf(stderr, "%s: not taken (%d)\n", words[1], outcome);
    return 2;
  }
  shield_found found[1];
  size_t known = 0;
  const char *name = "www.evil.example";
  shield_ask(set, "domain", name, strlen(name), SHIELD_NO_TIME, found, 1, &known);
  printf("%s: %zu\n", name, known);
  bytes = all_of(words[2], &length);
  outcome = shield_scan(set, "zeek", bytes, length, tell, &hits);
  free(bytes);
  shield_close(set);
  return outcome != SHIELD_OK ? 2 : hits > 0;
}
