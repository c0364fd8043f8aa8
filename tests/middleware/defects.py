"""One-defect middleware, each beside the case that has to find it."""

from collections.abc import Callable
from dataclasses import dataclass

from chopin_mw.asgi.types import ASGIApp
from middleware import cases_cancellation as cancellation
from middleware import cases_conditional as conditional
from middleware import cases_connections as connections
from middleware import cases_context as context
from middleware import cases_disconnect as disconnect
from middleware import cases_errors as errors
from middleware import cases_hostile as hostile
from middleware import cases_messages as messages
from middleware import cases_receive as receive
from middleware import cases_scope as scope
from middleware import cases_streaming as streaming
from middleware import defects_flow as flow
from middleware import defects_messages as edits
from middleware import defects_scope as view
from middleware.cases import Case
from middleware.citizens import POLICY, TAG
from middleware.defects_conditional import TagMaker, quoted_digest
from middleware.defects_messages import Edit, Handling, editing, handling, repairs_the_order
from support.differential import Citizen


@dataclass(frozen=True, slots=True)
class Defect:
    """A bad citizen and the case that tells on it."""

    citizen: Citizen
    caught_by: Case


def edited(edit: Edit, caught_by: Case, scope_type: str = "http") -> Defect:
    return Defect(Citizen(edit.__name__, editing(edit, scope_type), POLICY), caught_by)


def handled(handle: Handling, caught_by: Case, *scope_types: str) -> Defect:
    return Defect(Citizen(handle.__name__, handling(handle, *scope_types)), caught_by)


def built(name: str, build: Callable[[ASGIApp], ASGIApp], caught_by: Case) -> Defect:
    return Defect(Citizen(name, build, TAG), caught_by)


IN_MESSAGES = (
    edited(edits.adds_a_field_in_place, messages.objects_of_the_app_are_never_edited),
    edited(edits.edits_the_message, messages.objects_of_the_app_are_never_edited),
    edited(edits.shares_one_header_list, conditional.answers_are_fresh_objects),
    edited(edits.loses_repeated_fields, messages.repeated_headers),
    edited(edits.lower_cases_names, messages.names_in_mixed_case),
    edited(edits.sorts_fields, messages.repeated_headers),
    edited(edits.decodes_values, messages.odd_header_values),
    edited(edits.looks_at_names_in_one_case, messages.names_in_mixed_case),
    edited(edits.needs_headers, messages.start_without_headers),
    edited(edits.consumes_the_headers, messages.headers_in_odd_containers),
    edited(edits.drops_trailers, messages.trailers),
    edited(edits.drops_hints, messages.hints_pushes_and_debug),
    edited(edits.asserts_known_types, messages.unknown_message_types),
    edited(edits.turns_files_into_bodies, messages.files_sent_by_the_server),
    edited(edits.builds_messages_anew, messages.extra_keys_in_messages),
    edited(edits.needs_a_body, messages.body_messages_without_keys),
    edited(edits.adds_bodies_as_bytes, messages.bodies_of_any_buffer_type),
    edited(edits.ends_at_an_empty_chunk, messages.empty_chunks),
    edited(edits.drops_empty_chunks, messages.empty_chunks),
    edited(edits.adds_a_length, messages.statuses_without_a_body),
    edited(edits.drops_connection_fields, messages.codings_and_hop_by_hop_fields),
    edited(edits.tags_denials, connections.websocket_denied, "websocket"),
    edited(edits.drops_none_fields, connections.websocket_frames, "websocket"),
    built("repairs_the_order", repairs_the_order, messages.wrong_order_is_not_repaired),
)

IN_FLOW = (
    handled(flow.buffers_the_answer, streaming.chunk_after_chunk),
    handled(flow.buffers_the_answer, streaming.first_byte_at_once),
    handled(flow.buffers_the_answer, streaming.big_stream),
    handled(flow.buffers_the_answer, disconnect.background_work),
    handled(flow.holds_the_start, streaming.start_before_the_first_part),
    handled(flow.holds_the_start, errors.raises_after_the_start),
    handled(flow.holds_the_start, errors.incomplete_answers),
    handled(flow.lags_one_message_behind, cancellation.cancelled_in_the_body),
    handled(flow.keeps_the_apps_objects, messages.one_dict_for_all_messages),
    handled(flow.keeps_the_apps_objects, messages.a_view_released_after_send),
    handled(flow.queues_without_bound, streaming.slow_reader),
    handled(flow.keeps_every_chunk, streaming.big_stream),
    handled(flow.copies_what_it_kept, streaming.many_small_chunks),
    handled(flow.hashes_everything, streaming.huge_single_body),
    handled(flow.swallows_errors, errors.raises_before_the_start),
    handled(flow.wraps_errors, errors.raises_before_the_start),
    handled(flow.chains_errors, errors.raises_in_the_body),
    handled(flow.ends_broken_answers, errors.raises_in_the_body),
    handled(flow.answers_for_the_app, errors.incomplete_answers),
    handled(flow.logs_errors, disconnect.disconnects_are_no_news),
    handled(flow.hides_failed_sends, disconnect.stream_on_a_server_that_raises),
    handled(flow.swallows_cancellation, cancellation.cancelled_before_the_start),
    handled(flow.shields_the_app, cancellation.cancelled_after_the_start),
    handled(flow.runs_in_a_task, context.same_task_and_thread),
    handled(flow.runs_in_a_copied_context, context.context_is_shared),
    handled(flow.leaves_a_task, cancellation.a_hundred_cancelled),
    handled(flow.yields_to_the_loop, context.no_event_loop_needed),
    handled(flow.steps_coroutines_only, scope.apps_that_return_any_awaitable),
    handled(view.reads_first, receive.answers_before_reading),
    handled(view.reads_ahead, receive.an_upload_that_trickles),
    handled(view.drops_disconnects, receive.disconnect_is_told_again_and_again),
    handled(flow.forgets_the_context, context.context_does_not_grow),
    handled(flow.forgets_it_after_errors, context.context_does_not_grow),
    handled(view.leaves_its_exchange, context.no_exchange_outlives_its_request),
    built("with_one_lock", flow.with_one_lock, streaming.three_endless_streams),
    built("with_the_first_loop", flow.with_the_first_loop, context.dead_loops),
    built("with_instance_state", flow.with_state_on_the_instance, context.two_hundred_at_once),
)

IN_SCOPE = (
    handled(view.writes_into_the_scope, scope.scope_of_the_server_stays),
    handled(view.hands_on_a_copy, scope.a_scope_edited_by_the_app),
    handled(view.hides_extensions, scope.every_key_reaches_the_app),
    handled(view.needs_request_headers, scope.keys_that_are_missing),
    handled(view.consumes_request_headers, scope.request_headers_in_odd_containers),
    handled(view.decodes_the_query, scope.odd_paths_and_queries),
    handled(view.mounts_metrics, scope.nothing_is_mounted),
    handled(view.honours_method_override, scope.methods_are_what_they_say),
    handled(view.refuses_the_unknown, scope.unknown_scope_types, "x.tomorrow"),
    handled(view.ends_lifespan_itself, connections.lifespan_runs, "lifespan"),
    handled(flow.swallows_errors, connections.lifespan_failures, "lifespan"),
    handled(flow.swallows_errors, connections.websocket_errors, "websocket"),
    handled(view.accepts_by_itself, connections.websocket_refused, "websocket"),
    handled(view.raises_on_junk, hostile.hostile_conditions),
)

IN_TAGS = (
    built(
        "tags writes", TagMaker(methods=("GET", "POST")), conditional.a_write_that_ran_is_reported
    ),
    built("tags errors", TagMaker(statuses=(200, 404)), conditional.only_a_200_becomes_304),
    built("tags empty heads", TagMaker(tags_empty_heads=True), messages.head_without_a_body),
    built("tags chunks", TagMaker(tags_chunks=True), conditional.streams_are_not_tagged),
    built("replaces own tags", TagMaker(own_tag_wins=False), conditional.own_validators_win),
    built("same tag for all", TagMaker(make_tag=lambda _: b'"v"'), conditional.changed_gives_200),
    built(
        "same tag for all codings",
        TagMaker(make_tag=lambda _: b'"v"'),
        conditional.codings_have_their_own_tags,
    ),
    built(
        "unquoted tags",
        TagMaker(make_tag=lambda body: quoted_digest(body).strip(b'"')),
        conditional.tags_are_of_the_bytes,
    ),
    built(
        "looks for parts of a tag",
        TagMaker(matches=lambda asked, tag: tag.strip(b'"') in asked),
        conditional.conditions_that_do_not_match,
    ),
    built(
        "knows no lists",
        TagMaker(matches=lambda asked, tag: asked == tag),
        conditional.conditions_that_match,
    ),
    built(
        "drops fields from 304",
        TagMaker(kept=lambda name: name == b"etag"),
        conditional.unchanged_gives_304,
    ),
    built("304 with a body", TagMaker(body_of_304=b"x"), conditional.unchanged_gives_304),
)

DEFECTS = (*IN_MESSAGES, *IN_FLOW, *IN_SCOPE, *IN_TAGS)
