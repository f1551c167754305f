/* What Python and C hand each other. compiled.py reads this file as the compiler does, so it holds
 * declarations and plain numbers alone. */

#define ROOM 1500   /* bytes of a datagram */
#define PLACES 1024 /* of a link's log, as in sent_log.py */

/* A slot that has begun, and the link to its peer. Shifts count modulo the width of their field. */
struct stream {
    void *srtp;            /* the session that seals; NULL seals nothing, so nothing is sent */
    uint64_t *link_counts; /* next number for transport-cc, bytes since the last tick */
    double *sent_at;       /* PLACES of each, by that number */
    uint16_t *sizes;
    uint64_t *slot_counts; /* packets, payload's bytes */
    int64_t start;         /* the source's index that this turn began with */
    int64_t repeats_from;  /* and the one from which sounds repeat those before them */
    uint32_t shift, timestamp_shift, picture_shift, tl0_shift, ssrc;
    uint32_t address_length; /* 0: nowhere to send to yet */
    uint8_t address[28]; /* the larger of sockaddr_in and sockaddr_in6 */
    uint8_t first, payload, level_id, transport_id; /* ids of extensions; 0: not offered */
    uint8_t redundant; /* the payload type of such sounds; 0: none are sent */
};

struct sealed {
    uint32_t stream, length;
    uint8_t bytes[ROOM];
};

typedef int (*seal_function)(void *srtp, void *packet, int *length);

/* One packet of a publisher and where it goes. compiled.py sets the first part once and packs the
 * second for each packet, so it has no gaps. Places in the descriptor are 0 where a number is not
 * there. */
struct job {
    seal_function seal;
    struct sealed *out; /* a place for each stream */
    int64_t file;       /* the socket */

    struct stream *streams;
    int64_t index;
    double now, until; /* by the node's clock; later than `until` nothing is sent */
    uint32_t count, size, longer_size, timestamp, csrc, picture;
    uint8_t marker, level, video, width, picture_at, tl0, tl0_at, descriptor_end;

    uint32_t sealed, not_sealed, not_sent, fenced; /* what came of it */
};

/* `longer`, of `longer_size` bytes unless that is 0: the payload with the sounds before it. */
int fan_out(struct job *job, const uint8_t *payload, const uint8_t *longer);
int resolve(struct stream *to, const char *host, const char *port, int ipv6);
