//! Core's own tests as a table, without std: the PC's test and a test firmware run the same cases.
//!
//! A case panics on failure. It runs on a device with 16 KB of RAM: it needs less than 6 KB of stack, or, if it trains,
//! less than 4 KB besides its own buffers. Your firmware can do the same for its own code with a table, a loop, and a
//! panic handler that tells the debugger; the firmware simulator's example `cases` shows how.

mod kernels;
mod model;
mod slot;
mod training;

pub use crate::dice::Dice;
pub use kernels::row_sums;
pub use training::{TRAINING_BUFFERS, steps_to_the_bit};

use crate::{fold, infer, math, matrix, network, quantized, standardize, train};

/// A name and a test that panics on failure.
pub type Case = (&'static str, fn());

/// Names every case after its path.
macro_rules! table {
    ($($case:path,)*) => {
        &[$((stringify!($case), $case)),*]
    };
}

/// All cases.
pub const CASES: &[Case] = table![
    network::cases::the_notebooks_models_have_keras_s_parameter_counts,
    network::cases::places_follow_each_other,
    network::cases::faults_are_named,
    network::cases::ten_dense_with_norm_and_relu_fit,
    math::cases::sums_cover_every_length_around_the_lanes,
    matrix::cases::plain_transposed_and_partial_operands,
    standardize::cases::a_block_is_transposed,
    standardize::cases::picked_images_are_standardized_and_transposed,
    standardize::cases::raw_values_of_every_type_are_standardized,
    math::cases::huge_logits_do_not_overflow,
    math::cases::the_first_of_the_largest_values_counts,
    train::loss::cases::uniform_logits_cost_the_logarithm_of_the_classes,
    train::loss::cases::a_student_who_agrees_learns_nothing,
    train::loss::cases::one_sigmoid_is_taught_as_two_classes,
    train::loss::cases::errors_of_values_are_squared_or_cut,
    train::loss::cases::binary_losses_do_not_overflow,
    train::dropout::cases::a_mask_has_the_stated_share_and_backward_has_the_same,
    training::sgd_lowers_the_loss,
    training::momentum_lowers_the_loss,
    training::adam_with_clipped_gradients_lowers_the_loss,
    training::what_cannot_be_trained_is_refused,
    fold::cases::blocks_reach_from_relu_to_relu,
    fold::cases::what_cannot_be_folded_is_named,
    fold::cases::a_row_is_pulled_through_dense_and_norm,
    fold::cases::other_units_of_a_layer_are_not_touched,
    infer::requantize::cases::equals_its_definition_everywhere,
    quantized::cases::rows_survive_the_file,
    quantized::cases::the_bound_is_exact,
    quantized::layout::cases::weights_fill_their_block,
    quantized::bound::cases::a_rows_worst_sum_is_rounded_up,
    quantized::bound::cases::what_is_within_a_bound_is_below_it,
    infer::dense::cases::wide_layers_are_exact,
    infer::input::cases::values_become_activations_as_the_table_says,
    infer::input::cases::averages_round_halves_up,
    infer::input::cases::values_are_inverted,
    infer::window::cases::windows_have_the_samples_of_their_place,
    infer::window::cases::samples_of_another_length_are_not_taken,
    infer::kernel::cases::portable_sums_are_exact,
    infer::kernel::cases::sums_of_this_target_are_exact,
    infer::kernel::cases::bytes_are_requantized_sums,
    model::an_integer_model_is_written_opened_and_run,
    model::a_float_model_is_written_opened_and_run,
    model::probabilities_are_the_softmax_of_the_logits,
    model::damage_is_found,
    slot::a_slots_header_is_what_its_table_says,
    slot::a_room_is_one_slot_or_two,
    slot::the_newest_whole_slot_boots,
    slot::slots_that_do_not_boot_say_why,
    slot::a_bare_model_boots_where_no_slot_does,
];

#[cfg(test)]
mod tests {
    extern crate std;

    #[test]
    fn every_case_passes() {
        for (name, case) in super::CASES {
            std::println!("{name}");
            case();
        }
    }
}
