//! Names in policy zones.

use sensors::Reason;
use sensors::rpz::owner;

#[test]
fn the_longest_owner_leaves_room_for_the_longest_name_of_a_zone() {
    let name = |length: usize| {
        let labels = "abcdefghi.".repeat(30);
        format!("{}x", &labels[..length - 1]).replace(".x", "xx")
    };
    let whole = |length: usize| format!("*.{}.{}", name(length), &"z".repeat(62)).len();
    assert_eq!((owner(&name(188)), whole(188)), (Ok(()), 253));
    assert_eq!(owner(&name(189)), Err(Reason::TooLong));
    assert_eq!(owner("32.1.2.0.192.rpz-ip"), Err(Reason::Reserved));
    assert_eq!(owner("a b"), Err(Reason::Characters));
}
