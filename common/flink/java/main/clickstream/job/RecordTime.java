package clickstream.job;

import java.io.Serializable;
import java.util.function.LongSupplier;
import org.apache.flink.api.common.eventtime.TimestampAssigner;
import org.apache.flink.api.common.eventtime.TimestampAssignerSupplier;
import org.apache.flink.metrics.Counter;

/**
 * A record's time: what its Kafka timestamp says, at the latest this machine's clock. Event time, and with it the
 * watermark, is thus never ahead of the job's own clock, whatever a producer's clock says. A record without a time
 * (Kafka's -1, or another negative number, which no output could carry) has the time at which it is read.
 */
public final class RecordTime implements TimestampAssigner<byte[]> {
    private final LongSupplier clock;
    private final long toleratedMs;
    private final Counter ahead;

    RecordTime(LongSupplier clock, long toleratedMs, Counter ahead) {
        this.clock = clock;
        this.toleratedMs = toleratedMs;
        this.ahead = ahead;
    }

    @Override
    public long extractTimestamp(byte[] value, long kafkaTimestamp) {
        // Read for each record, which takes some 20 ns: it may have been set back since the last one.
        long now = clock.getAsLong();
        if (kafkaTimestamp < 0) {
            return now;
        }
        if (kafkaTimestamp <= now) {
            return kafkaTimestamp;
        }
        if (kafkaTimestamp - now > toleratedMs) {
            ahead.inc();
        }
        return now;
    }

    /** The strategy's assigner; counts as {@code events_ahead} the records ahead of the clock by more than this. */
    public static TimestampAssignerSupplier<byte[]> atMostNow(long toleratedMs) {
        return new Supplier(toleratedMs);
    }

    private static final class Supplier implements TimestampAssignerSupplier<byte[]>, Serializable {
        private static final long serialVersionUID = 1L;
        private final long toleratedMs;

        Supplier(long toleratedMs) {
            this.toleratedMs = toleratedMs;
        }

        @Override
        public TimestampAssigner<byte[]> createTimestampAssigner(Context context) {
            Counter ahead = context.getMetricGroup().counter("events_ahead");
            return new RecordTime(System::currentTimeMillis, toleratedMs, ahead);
        }
    }
}
