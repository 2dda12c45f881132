package clickstream.job;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;

/** The splitter and the reader together: a batch as Python writes it, and the records that the sink gets. */
class PackedRecordTest {
    private final PackedRecord schema = new PackedRecord(new String[] {"one", "zwei-ü"});

    @Test
    void everyPartOfARecordArrives() {
        ProducerRecord<byte[], byte[]> record = read(packed("zwei-ü", "k", "value", 1_700_000_000_000L, "name", "of it"));
        assertEquals("zwei-ü", record.topic());
        assertArrayEquals("k".getBytes(UTF_8), record.key());
        assertArrayEquals("value".getBytes(UTF_8), record.value());
        assertEquals(1_700_000_000_000L, record.timestamp());
        assertNull(record.partition());
        assertEquals("of it", new String(record.headers().lastHeader("name").value(), UTF_8));
        assertEquals(1, record.headers().toArray().length);
    }

    @Test
    void noKeyIsNotAnEmptyKey() {
        assertNull(read(packed("one", null, "v", 0, null, null)).key());
        assertEquals(0, read(packed("one", "", "v", 0, null, null)).key().length);
        assertEquals(0, read(packed("one", "", "", 0, null, null)).value().length);
        assertEquals(0, read(packed("one", "", "", 0, null, null)).headers().toArray().length);
    }

    @Test
    void aBatchIsCutIntoItsRecordsInOrder() {
        byte[] first = packed("one", "a", "1", 1, null, null);
        byte[] second = packed("one", null, "", 2, "h", "");
        ByteBuffer batch = ByteBuffer.allocate(first.length + second.length + 2 * Integer.BYTES);
        batch.putInt(first.length).put(first).putInt(second.length).put(second);
        List<byte[]> cut = split(batch.array());
        assertEquals(2, cut.size());
        assertArrayEquals(first, cut.get(0));
        assertArrayEquals(second, cut.get(1));
        assertEquals(List.of(), split(new byte[0]));
    }

    @Test
    void theSinkLearnsAllTopics() {
        assertEquals(
                List.of("one", "zwei-ü"),
                schema.getKafkaDatasetFacet().orElseThrow().getTopicIdentifier().getTopics());
    }

    private ProducerRecord<byte[], byte[]> read(byte[] packed) {
        return schema.serialize(packed, null, null);
    }

    private static List<byte[]> split(byte[] batch) {
        List<byte[]> cut = new ArrayList<>();
        new SplitBatch().flatMap(batch, new Collector<>() {
            @Override
            public void collect(byte[] entry) {
                cut.add(entry);
            }

            @Override
            public void close() {}
        });
        return cut;
    }

    private static byte[] packed(String topic, String key, String value, long time, String name, String header) {
        byte[] topicBytes = topic.getBytes(UTF_8);
        byte[] keyBytes = key == null ? new byte[0] : key.getBytes(UTF_8);
        byte[] headers = new byte[0];
        if (name != null) {
            headers = ByteBuffer.allocate(2 * Integer.BYTES + name.length() + header.length())
                    .putInt(name.length())
                    .putInt(header.length())
                    .put(name.getBytes(UTF_8))
                    .put(header.getBytes(UTF_8))
                    .array();
        }
        byte[] valueBytes = value.getBytes(UTF_8);
        return ByteBuffer.allocate(18 + topicBytes.length + keyBytes.length + headers.length + valueBytes.length)
                .putLong(time)
                .putShort((short) topicBytes.length)
                .putInt(key == null ? -1 : keyBytes.length)
                .putInt(headers.length)
                .put(topicBytes)
                .put(keyBytes)
                .put(headers)
                .put(valueBytes)
                .array();
    }
}
