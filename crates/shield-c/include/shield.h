/* shield for C: millions of indicators in one file, asked for values, and logs gone through by it.
 *
 * No function keeps a pointer that it is given, but for the set. A set may be asked by many threads at once.
 * Nothing here reads a file or a clock: bytes and times are the caller's. */
#ifndef SHIELD_H
#define SHIELD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A compiled set. */
typedef struct shield_set shield_set;

/* What a function came to. */
enum shield_outcome {
  SHIELD_OK = 0,
  SHIELD_FOREIGN = 1,   /* not a file of knowledge */
  SHIELD_VERSION = 2,   /* a form that this program does not know */
  SHIELD_TORN = 3,      /* shorter or longer than it says */
  SHIELD_DAMAGED = 4,   /* not what was written */
  SHIELD_UNFIT = 5,     /* not a value of this kind, or of none that is known */
  SHIELD_MISUSED = 6    /* a null pointer, or a name that nothing is called by */
};

/* What an entry lets be done at most. */
enum shield_action { SHIELD_NOTHING = 0, SHIELD_CONTEXT = 1, SHIELD_ALERT = 2, SHIELD_BLOCK = 3 };

/* For a time: not known. What is not revoked then holds. */
#define SHIELD_NO_TIME INT64_MIN

/* What stands there. */
typedef struct {
  uint64_t id;     /* what the maker of the set calls it */
  uint8_t action;  /* enum shield_action */
} shield_found;

/* What was found in a line. */
typedef struct {
  shield_found found;
  uint64_t at;        /* where the line begins, in the bytes that were given */
  const char *line;   /* the line, without its end; not terminated, and gone when the call returns */
  size_t line_length;
  const char *seen;   /* the value that was seen, in normal form; likewise */
  size_t seen_length;
  int64_t time_us;    /* when it happened, in microseconds since 1970, or SHIELD_NO_TIME */
} shield_hit;

/* Opens a set. The bytes are copied. On success *set is to be given to shield_close. */
int shield_open(const uint8_t *bytes, size_t length, shield_set **set);

void shield_close(shield_set *set);

/* Asks for a value of UTF-8, of a kind ("domain", "url", "sha256", ...; terminated) or, where that is null, of the kind that it looks like. What
 * held at the time is put into found, nearest first, at most `places` of it; *count is how many there are. */
int shield_ask(const shield_set *set, const char *kind, const char *value, size_t length, int64_t time_us,
               shield_found *found, size_t places, size_t *count);

/* Goes through whole lines: "zeek" (columns, told by the log's #fields line) or "zeek-json". Tells each find in order. */
int shield_scan(const shield_set *set, const char *layout, const char *bytes, size_t length,
                void (*tell)(void *context, const shield_hit *hit), void *context);

#ifdef __cplusplus
}
#endif

#endif
