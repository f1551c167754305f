/* The loop of interpreted.py in C: the same bytes for the same packet, slot by slot.
 *
 * Owns no memory, and reads nothing that a stranger wrote but the payload, whose bytes it copies:
 * where a descriptor's numbers are was found by vp8.py. Seals with libsrtp's own function, whose
 * address compiled.py gives. Called by one thread.
 */

#include <netdb.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>

#include "fan_out.h"

#ifdef CLOCK_BOOTTIME
#define NODE_CLOCK CLOCK_BOOTTIME
#else
#define NODE_CLOCK CLOCK_MONOTONIC
#endif

enum { TRAILER = 144, HEADER = 32 }; /* bytes: the most that libsrtp adds, the most that comes before */

static uint8_t *put16(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
    return at + 2;
}

static uint8_t *put32(uint8_t *at, uint32_t value) { return put16(put16(at, value >> 16), value); }

/* One CSRC; the audio level and the number for transport-cc where they were offered (RFC 3550 §5.1,
 * RFC 8285 §4.2). */
static uint8_t *header(uint8_t *at, const struct stream *to, const struct job *job, uint8_t kind) {
    uint8_t mark = job->marker | kind;
    if (!job->video && job->index == to->start)
        mark |= 128;
    *at++ = to->first;
    *at++ = mark;
    at = put16(at, (uint32_t)job->index + to->shift);
    at = put32(at, job->timestamp + to->timestamp_shift);
    at = put32(at, to->ssrc);
    at = put32(at, job->csrc);
    if (!to->level_id && !to->transport_id)
        return at;
    uint8_t *words = put16(at, 0xBEDE), *elements = words + 2, *end = elements;
    if (to->level_id) {
        *end++ = (uint8_t)(to->level_id << 4);
        *end++ = job->level;
    }
    if (to->transport_id) {
        *end++ = (uint8_t)(to->transport_id << 4 | 1);
        end = put16(end, (uint32_t)to->link_counts[0]);
    }
    while ((end - elements) % 4)
        *end++ = 0;
    put16(words, (uint32_t)(end - elements) / 4);
    return end;
}

/* Picture id and TL0PICIDX moved on, each in its own width (RFC 7741 §4.2). */
static void move_numbers(uint8_t *descriptor, const struct stream *to, const struct job *job) {
    uint32_t picture = job->picture + to->picture_shift;
    if (job->width == 15)
        put16(descriptor + job->picture_at, 0x8000 | (picture & 0x7FFF));
    else if (job->width)
        descriptor[job->picture_at] = picture & 0x7F;
    if (job->tl0_at)
        descriptor[job->tl0_at] = (uint8_t)(job->tl0 + to->tl0_shift);
}

static void record(struct stream *to, uint32_t length, uint32_t size, const struct job *job) {
    uint64_t number = to->link_counts[0];
    to->sent_at[number % PLACES] = job->now;
    to->sizes[number % PLACES] = (uint16_t)length;
    to->link_counts[0] = (number + 1) & 0xFFFF;
    to->link_counts[1] += length;
    to->slot_counts[0] += 1;
    to->slot_counts[1] += size;
}

/* The packet for one stream, sealed; 0, or -1 where that cannot be. */
static int make(struct sealed *made, const struct stream *to, const struct job *job, uint8_t kind,
                const uint8_t *payload, uint32_t size) {
    if (!to->srtp || size > ROOM - TRAILER - HEADER || job->descriptor_end > size)
        return -1;
    uint8_t *body = header(made->bytes, to, job, kind);
    memcpy(body, payload, size);
    if (job->video)
        move_numbers(body, to, job);
    int length = (int)(body - made->bytes) + (int)size;
    if (job->seal(to->srtp, made->bytes, &length))
        return -1;
    made->length = (uint32_t)length;
    return 0;
}

static void send_all(struct job *job) {
    for (uint32_t i = 0; i < job->sealed; i++) {
        const struct sealed *made = &job->out[i];
        const struct stream *to = &job->streams[made->stream];
        struct timespec clock;
        if (!to->address_length)
            continue;
        clock_gettime(NODE_CLOCK, &clock);
        if ((double)clock.tv_sec + (double)clock.tv_nsec * 1e-9 > job->until)
            job->fenced++;
        else if (sendto((int)job->file, made->bytes, made->length, 0,
                        (const struct sockaddr *)to->address, to->address_length) < 0)
            job->not_sent++;
    }
}

/* All are sealed before the first is sent, as in interpreted.py. How many were sealed, or -1 where
 * something went wrong and the job says what. */
int fan_out(struct job *job, const uint8_t *payload, const uint8_t *longer) {
    job->sealed = job->not_sealed = job->not_sent = job->fenced = 0;
    for (uint32_t i = 0; i < job->count; i++) {
        struct stream *to = &job->streams[i];
        struct sealed *made = &job->out[job->sealed];
        if (job->index < to->start)
            continue;
        int repeats = job->longer_size && to->redundant && job->index >= to->repeats_from;
        uint32_t size = repeats ? job->longer_size : job->size;
        if (make(made, to, job, repeats ? to->redundant : to->payload, repeats ? longer : payload,
                 size)) {
            job->not_sealed++;
            continue;
        }
        record(to, made->length, size, job);
        made->stream = i;
        job->sealed++;
    }
    send_all(job);
    return job->not_sealed || job->not_sent || job->fenced ? -1 : (int)job->sealed;
}

/* The socket's own form of an address in figures, for a socket of this family; 0, or -1 where it
 * has none. */
int resolve(struct stream *to, const char *host, const char *port, int ipv6) {
    struct addrinfo wanted = {0}, *found = NULL;
    wanted.ai_family = ipv6 ? AF_INET6 : AF_INET;
    wanted.ai_socktype = SOCK_DGRAM;
    wanted.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | (ipv6 ? AI_V4MAPPED : 0);
    to->address_length = 0;
    if (getaddrinfo(host, port, &wanted, &found) || !found)
        return -1;
    if (found->ai_addrlen <= sizeof to->address) {
        memcpy(to->address, found->ai_addr, found->ai_addrlen);
        to->address_length = (uint32_t)found->ai_addrlen;
    }
    freeaddrinfo(found);
    return to->address_length ? 0 : -1;
}
