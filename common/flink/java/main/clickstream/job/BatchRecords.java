package clickstream.job;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.AbstractStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.StreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;

/**
 * Collects records into one batch, so that a Python function is called once for many of them. A batch is a list of
 * (event time in ms, value) in MessagePack.
 *
 * <p>No record is ever held across a watermark, a checkpoint barrier or the end of the input: the batch is emitted
 * before. So the operator needs no state, and the function sees the watermark that each of its records met.
 */
public final class BatchRecords extends AbstractStreamOperator<byte[]>
        implements OneInputStreamOperator<byte[], byte[]> {
    private static final long serialVersionUID = 1L;

    private final int maxRecords;
    private final int maxBytes;
    private final long maxDelayMs;
    private transient List<StreamRecord<byte[]>> records;
    private transient int bytes;
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
        records = new ArrayList<>(maxRecords);
    }

    @Override
    public void processElement(StreamRecord<byte[]> element) throws IOException {
        if (bytes + element.getValue().length > maxBytes) {
            emit();
        }
        records.add(element.copy(element.getValue())); // the source hands in the same object each time
        bytes += element.getValue().length;
        if (records.size() >= maxRecords) {
            emit();
        } else if (!timerIsSet) {
            timerIsSet = true;
            long now = processingTimeService.getCurrentProcessingTime();
            processingTimeService.registerTimer(now + maxDelayMs, this::onTimer);
        }
    }

    private void onTimer(long time) throws IOException {
        timerIsSet = false;
        emit();
    }

    private void emit() throws IOException {
        if (records.isEmpty()) {
            return;
        }
        try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
            packer.packArrayHeader(records.size());
            for (StreamRecord<byte[]> record : records) {
                byte[] value = record.getValue();
                packer.packArrayHeader(2).packLong(record.getTimestamp()).packBinaryHeader(value.length);
                packer.addPayload(value);
            }
            records.clear();
            bytes = 0;
            output.collect(new StreamRecord<>(packer.toByteArray()));
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

        /**
         * A batch is emitted with its {@code maxRecords}th record, before its values would exceed {@code maxBytes}, or
         * {@code maxDelayMs} after its first record and a millisecond later at most.
         */
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
