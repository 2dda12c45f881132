package clickstream.job;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.types.Row;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

class KeyAndValueTest {
    private final List<Row> collected = new ArrayList<>();

    @Test
    void theKeyIsTextAndTheValueStaysAsItIs() {
        read("bröwser".getBytes(UTF_8), new byte[] {1, 2});
        assertEquals("bröwser", collected.get(0).getField(0));
        assertArrayEquals(new byte[] {1, 2}, (byte[]) collected.get(0).getField(1));
    }

    @Test
    void aRecordWithoutAKeyIsKeyedByItsPartition() {
        read(null, new byte[] {1});
        assertEquals("\u00007", collected.get(0).getField(0));
    }

    @Test
    void aRecordWithoutAValueHasAnEmptyOne() {
        read("k".getBytes(UTF_8), null);
        assertArrayEquals(new byte[0], (byte[]) collected.get(0).getField(1));
    }

    private void read(byte[] key, byte[] value) {
        new KeyAndValue().deserialize(new ConsumerRecord<>("topic", 7, 0L, key, value), new Collector<Row>() {
            @Override
            public void collect(Row each) {
                collected.add(each);
            }

            @Override
            public void close() {}
        });
    }
}
