/* Any packet to any streams through fan_out.c, for a sanitizer to watch: with libFuzzer, or by
 * itself over random bytes (-DALONE), as tests/media/test_fan_out_memory.py runs it. Nothing is
 * sent: the socket is none. */

#include <stdio.h>
#include <stdlib.h>

#include "../../server/media/fan_out/fan_out.c"

enum { STREAMS = 4, TAG = 16 };

static int seal_nothing(void *srtp, void *packet, int *length) {
    uint8_t *bytes = packet;
    if (*(uint8_t *)srtp == 255)
        return 1;
    if (*length < 12 || *length + TRAILER > ROOM)
        abort();
    memset(bytes + *length, 7, TAG);
    *length += TAG;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *given, size_t size) {
    struct stream streams[STREAMS];
    struct job job;
    if (size < sizeof streams + sizeof job)
        return 0;
    memcpy(streams, given, sizeof streams);
    memcpy(&job, given + sizeof streams, sizeof job);
    given += sizeof streams + sizeof job;
    size -= sizeof streams + sizeof job;
    double *sent_at = calloc(PLACES, sizeof *sent_at);
    uint16_t *sizes = calloc(PLACES, sizeof *sizes);
    uint64_t counts[2] = {65535, 0}, slot_counts[2] = {0, 0};
    struct sealed *out = malloc(STREAMS * sizeof *out);
    uint8_t *payload = malloc(size ? size : 1), *longer = malloc(size ? size : 1);
    memcpy(payload, given, size);
    memcpy(longer, given, size);
    for (int i = 0; i < STREAMS; i++) {
        struct stream *to = &streams[i];
        to->srtp = to->first % 3 ? &to->first : NULL;
        to->link_counts = counts;
        to->slot_counts = slot_counts;
        to->sent_at = sent_at;
        to->sizes = sizes;
        to->address_length %= sizeof to->address + 1;
        to->level_id %= 15;
        to->transport_id %= 15;
    }
    job.seal = seal_nothing;
    job.out = out;
    job.file = -1;
    job.streams = streams;
    job.count %= STREAMS + 1;
    job.size = (uint32_t)size;
    job.longer_size %= (uint32_t)size + 1;
    fan_out(&job, payload, longer);
    free(longer);
    free(payload);
    free(out);
    free(sizes);
    free(sent_at);
    return 0;
}

#ifdef ALONE
int main(int count, char **arguments) {
    static uint8_t given[4096];
    long rounds = count > 1 ? atol(arguments[1]) : 1000;
    uint64_t state = 88172645463325252u;
    for (long round = 0; round < rounds; round++) {
        for (size_t at = 0; at < sizeof given; at++) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            given[at] = (uint8_t)state;
        }
        size_t fixed = STREAMS * sizeof(struct stream) + sizeof(struct job);
        LLVMFuzzerTestOneInput(given, fixed + state % 1700);
    }
    printf("%ld\n", rounds);
    return 0;
}
#endif
