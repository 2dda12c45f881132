package clickstream.job;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessageUnpacker;

/** Against Flink's own harness: what is emitted is written as "length@time", a comma between the records of a batch. */
class BatchRecordsTest {
    private static final int RECORDS = 4;
    private static final int BYTES = 1_000;
    private static final long DELAY_MS = 2;

    private OneInputStreamOperatorTestHarness<byte[], byte[]> harness;

    @BeforeEach
    void open() throws Exception {
        harness = new OneInputStreamOperatorTestHarness<>(
                new BatchRecords.Factory(RECORDS, BYTES, DELAY_MS), BytePrimitiveArraySerializer.INSTANCE);
        harness.setProcessingTime(0);
        harness.open();
    }

    @AfterEach
    void close() throws Exception {
        harness.close();
    }

    @Test
    void aFullBatchLeavesAtOnce() throws Exception {
        for (int number = 1; number <= 9; number++) {
            send(number, number);
        }
        assertEquals(List.of("1@1,2@2,3@3,4@4", "5@5,6@6,7@7,8@8"), emitted());
    }

    @Test
    void aBatchLeavesAfterTheDelay() throws Exception {
        send(1, 7);
        send(0, 8);
        assertEquals(List.of(), emitted());
        harness.setProcessingTime(DELAY_MS);
        assertEquals(List.of("1@7,0@8"), emitted());
        send(2, 9);
        harness.setProcessingTime(2 * DELAY_MS + 1);
        assertEquals(List.of("1@7,0@8", "2@9"), emitted());
        harness.setProcessingTime(100);
        assertEquals(2, emitted().size());
    }

    @Test
    void noRecordIsHeldAcrossAWatermark() throws Exception {
        send(1, 10);
        harness.processWatermark(new Watermark(9));
        send(2, 11);
        assertEquals(List.of("1@10", "watermark 9"), emitted());
    }

    @Test
    void noRecordIsHeldAcrossABarrier() throws Exception {
        send(1, 10);
        harness.prepareSnapshotPreBarrier(1);
        assertEquals(List.of("1@10"), emitted());
        harness.prepareSnapshotPreBarrier(2);
        assertEquals(1, emitted().size());
    }

    @Test
    void noRecordIsHeldWhenTheInputIsIdleOrEnds() throws Exception {
        send(1, 10);
        harness.processWatermarkStatus(WatermarkStatus.IDLE);
        send(2, 11);
        harness.endInput();
        harness.getOneInputOperator().finish();
        assertEquals(List.of("1@10", "idle", "2@11"), emitted());
    }

    @Test
    void aBatchStaysWithinItsBytesAndALargeRecordIsAlone() throws Exception {
        send(600, 1);
        send(600, 2);
        send(5_000, 3);
        send(1, 4);
        send(2, 5);
        harness.setProcessingTime(DELAY_MS);
        assertEquals(List.of("600@1", "600@2", "5000@3", "1@4,2@5"), emitted());
    }

    /** As Flink's source does it where objects are reused. */
    @Test
    void theSameObjectMayBringEveryRecord() throws Exception {
        StreamRecord<byte[]> reused = new StreamRecord<>(null);
        for (int number = 1; number <= RECORDS; number++) {
            byte[] value = new byte[number];
            new Random(number).nextBytes(value);
            harness.processElement(reused.replace(value, number));
        }
        assertEquals(List.of("1@1,2@2,3@3,4@4"), emitted());
    }

    @Test
    void nothingIsLostOrReordered() throws Exception {
        Random random = new Random(14);
        List<String> sent = new ArrayList<>();
        for (int number = 0; number < 20_000; number++) {
            int length = random.nextInt(random.nextInt(10) == 0 ? 2_000 : 100);
            sent.add(length + "@" + number);
            send(length, number);
            switch (random.nextInt(20)) {
                case 0:
                    harness.prepareSnapshotPreBarrier(number);
                    break;
                case 1:
                    harness.setProcessingTime(number);
                    break;
                default:
                    break;
            }
        }
        harness.getOneInputOperator().finish();
        assertEquals(String.join(",", sent), String.join(",", emitted()));
    }

    private void send(int length, long time) throws Exception {
        byte[] value = new byte[length];
        new Random(time).nextBytes(value);
        harness.processElement(new StreamRecord<>(value, time));
    }

    private List<String> emitted() throws IOException {
        List<String> found = new ArrayList<>();
        for (Object each : harness.getOutput()) {
            if (each instanceof Watermark) {
                found.add("watermark " + ((Watermark) each).getTimestamp());
            } else if (each instanceof WatermarkStatus) {
                found.add(((WatermarkStatus) each).isIdle() ? "idle" : "active");
            } else {
                found.add(read((byte[]) ((StreamRecord<?>) each).getValue()));
            }
        }
        return found;
    }

    private static String read(byte[] batch) throws IOException {
        List<String> records = new ArrayList<>();
        MessageUnpacker unpacker = MessagePack.newDefaultUnpacker(batch);
        for (int rest = unpacker.unpackArrayHeader(); rest > 0; rest--) {
            assertEquals(2, unpacker.unpackArrayHeader());
            long time = unpacker.unpackLong();
            byte[] value = unpacker.readPayload(unpacker.unpackBinaryHeader());
            byte[] expected = new byte[value.length];
            new Random(time).nextBytes(expected);
            assertArrayEquals(expected, value);
            records.add(value.length + "@" + time);
        }
        assertFalse(unpacker.hasNext());
        return String.join(",", records);
    }
}
