package clickstream.job;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import org.apache.flink.connector.kafka.lineage.DefaultKafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.DefaultKafkaDatasetIdentifier;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacetProvider;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessageUnpacker;

/**
 * Reads a Kafka record from a list in MessagePack: topic (text), key (bytes, or nil without one), value (bytes, or nil to
 * erase the key), timestamp in ms, and for a record with headers a map from their names to their values (bytes).
 *
 * <p>It also tells the sink the topics: pooled transactions need to know where an aborted job may have left some.
 */
public final class PackedRecord implements KafkaRecordSerializationSchema<byte[]>, KafkaDatasetFacetProvider {
    private static final long serialVersionUID = 1L;
    private final String[] topics;

    public PackedRecord(String[] topics) {
        this.topics = topics.clone();
    }

    @Override
    public ProducerRecord<byte[], byte[]> serialize(byte[] packed, KafkaSinkContext context, Long eventTime) {
        try (MessageUnpacker unpacker = MessagePack.newDefaultUnpacker(packed)) {
            int parts = unpacker.unpackArrayHeader();
            String topic = text(unpacker);
            byte[] key = unpacker.tryUnpackNil() ? null : bytes(unpacker);
            byte[] value = unpacker.tryUnpackNil() ? null : bytes(unpacker);
            ProducerRecord<byte[], byte[]> record =
                    new ProducerRecord<>(topic, null, unpacker.unpackLong(), key, value);
            if (parts > 4) {
                for (int rest = unpacker.unpackMapHeader(); rest > 0; rest--) {
                    record.headers().add(text(unpacker), bytes(unpacker));
                }
            }
            return record;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** MessagePack's own unpackString takes 2 µs, because it allocates a decoder with 8 KB for each text. */
    private static String text(MessageUnpacker unpacker) throws IOException {
        return new String(unpacker.readPayload(unpacker.unpackRawStringHeader()), UTF_8);
    }

    private static byte[] bytes(MessageUnpacker unpacker) throws IOException {
        return unpacker.readPayload(unpacker.unpackBinaryHeader());
    }

    @Override
    public Optional<KafkaDatasetFacet> getKafkaDatasetFacet() {
        return Optional.of(new DefaultKafkaDatasetFacet(DefaultKafkaDatasetIdentifier.ofTopics(List.of(topics))));
    }
}
