package clickstream.job;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.AbstractStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.StreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;

/**
 * Collects records into one batch, so that a Python function is called once for many of them. A batch is a list of
 * entries: length of the value (int32), event time in ms (int64), value; big-endian.
 *
 * <p>No record is ever held across a watermark, a checkpoint barrier or the end of the input: the batch is emitted
 * before. So the operator needs no state, and the function sees the watermark that each of its records met.
 */
public final class BatchRecords extends AbstractStreamOperator<byte[]>
        implements OneInputStreamOperator<byte[], byte[]> {
    private static final long serialVersionUID = 1L;
    static final int ENTRY_HEADER = Integer.BYTES + Long.BYTES;

    private final int maxRecords;
    private final int maxBytes;
    private final long maxDelayMs;
    private transient ByteBuffer batch;
    private transient int records;
    private transient boolean timerIsSet;

    private BatchRecords(StreamOperatorParameters<byte[]> parameters, Factory limits) {
        super(parameters);
        this.maxRecords = limits.maxRecords;
        this.maxBytes = limits.maxBytes;
        this.maxDelayMs = limits.maxDelayMs;
    }

    @Override
    public void open() throws Exception {
        super.open();
        batch = ByteBuffer.allocate(maxBytes);
    }

    @Override
    public void processElement(StreamRecord<byte[]> element) {
        byte[] value = element.getValue();
        int size = ENTRY_HEADER + value.length;
        if (batch.remaining() < size) {
            emit();
            if (batch.capacity() < size) { // a record as large as this has a batch of its own
                batch = ByteBuffer.allocate(size);
            }
        }
        batch.putInt(value.length).putLong(element.getTimestamp()).put(value);
        if (++records >= maxRecords) {
            emit();
        } else if (!timerIsSet) {
            timerIsSet = true;
            long now = processingTimeService.getCurrentProcessingTime();
            processingTimeService.registerTimer(now + maxDelayMs, this::onTimer);
        }
    }

    private void onTimer(long time) {
        timerIsSet = false;
        emit();
    }

    private void emit() {
        if (records > 0) {
            byte[] bytes = Arrays.copyOf(batch.array(), batch.position());
            batch.clear();
            records = 0;
            output.collect(new StreamRecord<>(bytes));
        }
        if (batch.capacity() > maxBytes) {
            batch = ByteBuffer.allocate(maxBytes);
        }
    }

    @Override
    public void processWatermark(Watermark mark) throws Exception {
        emit();
        super.processWatermark(mark);
    }

    @Override
    public void processWatermarkStatus(WatermarkStatus status) throws Exception {
        emit();
        super.processWatermarkStatus(status);
    }

    @Override
    public void prepareSnapshotPreBarrier(long checkpointId) throws Exception {
        emit();
        super.prepareSnapshotPreBarrier(checkpointId);
    }

    @Override
    public void finish() throws Exception {
        emit();
        super.finish();
    }

    /** Its operators are chained to what comes before them. */
    public static final class Factory extends AbstractStreamOperatorFactory<byte[]>
            implements OneInputStreamOperatorFactory<byte[], byte[]> {
        private static final long serialVersionUID = 1L;
        private final int maxRecords;
        private final int maxBytes;
        private final long maxDelayMs;

        /** A batch is emitted with its {@code maxRecords}th record, or before it would exceed {@code maxBytes}, or
         * {@code maxDelayMs} after its first record, give or take a millisecond. */
        public Factory(int maxRecords, int maxBytes, long maxDelayMs) {
            this.maxRecords = maxRecords;
            this.maxBytes = maxBytes;
            this.maxDelayMs = maxDelayMs;
        }

        @Override
        @SuppressWarnings("unchecked")
        public <T extends StreamOperator<byte[]>> T createStreamOperator(StreamOperatorParameters<byte[]> parameters) {
            return (T) new BatchRecords(parameters, this);
        }

        @Override
        @SuppressWarnings("rawtypes")
        public Class<? extends StreamOperator> getStreamOperatorClass(ClassLoader classLoader) {
            return BatchRecords.class;
        }
    }
}
