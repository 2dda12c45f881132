package clickstream.job;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;

/** The splitter and the reader together: a batch as Python writes it, and the records that the sink gets. */
class PackedRecordTest {
    private final PackedRecord schema = new PackedRecord(new String[] {"one", "zwei-ü"});

    @Test
    void everyPartOfARecordArrives() throws IOException {
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
    void noKeyIsNotAnEmptyKey() throws IOException {
        assertNull(read(packed("one", null, "v", 0, null, null)).key());
        assertEquals(0, read(packed("one", "", "v", 0, null, null)).key().length);
        assertEquals(0, read(packed("one", "", "", 0, null, null)).value().length);
        assertEquals(0, read(packed("one", "", "", 0, null, null)).headers().toArray().length);
    }

    @Test
    void noValueErasesTheKeyAndIsNotAnEmptyValue() throws IOException {
        ProducerRecord<byte[], byte[]> tombstone = read(packed("one", "k", null, 5, null, null));
        assertNull(tombstone.value());
        assertArrayEquals("k".getBytes(UTF_8), tombstone.key());
        assertEquals(5, tombstone.timestamp());
        ProducerRecord<byte[], byte[]> traced = read(packed("one", "k", null, 5, "name", "of it"));
        assertNull(traced.value());
        assertEquals("of it", new String(traced.headers().lastHeader("name").value(), UTF_8));
    }

    @Test
    void aTombstoneIsCutOutOfItsBatch() throws IOException {
        byte[] tombstone = packed("one", "a", null, 1, null, null);
        byte[] next = packed("one", "b", "2", 2, null, null);
        MessageBufferPacker batch = MessagePack.newDefaultBufferPacker();
        batch.packArrayHeader(2).addPayload(tombstone).addPayload(next);
        List<byte[]> cut = split(batch.toByteArray());
        assertEquals(2, cut.size());
        assertArrayEquals(tombstone, cut.get(0));
        assertArrayEquals(next, cut.get(1));
    }

    @Test
    void aBatchIsCutIntoItsRecordsInOrder() throws IOException {
        byte[] first = packed("one", "a", "1", 1, null, null);
        byte[] second = packed("one", null, "", 2, "h", "");
        MessageBufferPacker batch = MessagePack.newDefaultBufferPacker();
        batch.packArrayHeader(2).addPayload(first).addPayload(second);
        List<byte[]> cut = split(batch.toByteArray());
        assertEquals(2, cut.size());
        assertArrayEquals(first, cut.get(0));
        assertArrayEquals(second, cut.get(1));
        assertEquals(List.of(), split(new byte[] {(byte) 0x90}));
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

    private static List<byte[]> split(byte[] batch) throws IOException {
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

    private static byte[] packed(String topic, String key, String value, long time, String name, String header)
            throws IOException {
        MessageBufferPacker packer = MessagePack.newDefaultBufferPacker();
        packer.packArrayHeader(name == null ? 4 : 5).packString(topic);
        bytes(packer, key);
        bytes(packer, value);
        packer.packLong(time);
        if (name != null) {
            packer.packMapHeader(1).packString(name);
            bytes(packer, header);
        }
        return packer.toByteArray();
    }

    private static void bytes(MessageBufferPacker packer, String text) throws IOException {
        if (text == null) {
            packer.packNil();
            return;
        }
        byte[] bytes = text.getBytes(UTF_8);
        packer.packBinaryHeader(bytes.length).addPayload(bytes);
    }
}
