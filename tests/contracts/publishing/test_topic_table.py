from contracts.publishing.topic_table import PART, render
from contracts.purposes.load import REFERENCE, load_purposes
from contracts.purposes.model import ALWAYS_KEPT, Action, Purpose


def test_the_document_has_the_table_of_the_code() -> None:
    document = PART.file.read_text("utf-8")
    assert PART.inserted(document, render(load_purposes(REFERENCE))) == document


def test_a_purpose_is_a_row_with_its_key_in_the_form_in_which_it_has_it() -> None:
    kept: dict[str, Action] = dict.fromkeys(ALWAYS_KEPT, "keep")
    fields = (*kept.items(), ("domain_userid", "pseudonymise"))
    purpose = Purpose("p", "clickstream.enriched.p.v3", fields, about="Some.")
    row = "| `clickstream.enriched.p.v3` | Some | `enriched_p.v3` | pseudonym of `domain_userid`, else none | 7 days |"
    assert row in render([purpose])
