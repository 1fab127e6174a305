//! What grants add up to.

use super::*;

fn grant(right: Right, entity: Option<&str>, fields: Option<&str>, department: Option<&str>) -> Grant {
    Grant {
        right,
        entity: entity.map(Into::into),
        fields: fields.map(Into::into),
        department: department.map(Into::into),
    }
}

fn below(codes: &[&str]) -> Reach {
    Reach::Below(codes.iter().map(|c| Arc::from(*c)).collect())
}

#[test]
fn a_word_names_its_right_and_no_other() {
    for right in Right::ALL {
        assert_eq!(Right::named(right.word()), Some(right));
    }
    assert_eq!(Right::named("everything"), None);
}

#[test]
fn grants_add_up_and_narrowing_does_not_spill_over() {
    let rights = Rights(Arc::from([
        grant(Right::Read, Some("Article"), Some(BASE), Some("2")),
        grant(Right::Read, Some("Article"), None, Some("1")),
        grant(Right::Read, Some("Article"), Some("purchase"), Some("3")),
        grant(Right::Hidden, None, None, None),
    ]));
    assert_eq!(rights.reach(Right::Read, "Article", Some(BASE)), below(&["1", "2"]));
    assert_eq!(rights.reach(Right::Read, "Article", Some("purchase")), below(&["1", "3"]));
    assert_eq!(rights.reach(Right::Read, "Article", None), below(&["1", "2", "3"]));
    assert_eq!(rights.reach(Right::Read, "Department", Some(BASE)), Reach::Nowhere);
    assert_eq!(rights.reach(Right::Hidden, "Department", Some(BASE)), Reach::Everywhere);
    assert!(rights.allows(Right::Hidden));
    assert!(!rights.allows(Right::Read), "narrowed");
    assert!(!rights.allows(Right::Plan), "not granted");
}

#[test]
fn reach_is_compared_by_codes() {
    assert!(Reach::Everywhere.covers(&below(&["1"])));
    assert!(below(&["1", "2"]).covers(&below(&["2"])));
    assert!(!below(&["1"]).covers(&below(&["1", "2"])));
    assert!(!below(&["1"]).covers(&Reach::Everywhere));
    assert!(Reach::Nowhere.covers(&Reach::Nowhere));
}

#[test]
fn everybody_of_a_kind_has_its_baseline_and_staff_what_is_granted() {
    let of = |kind, anonymous| {
        let viewer = Viewer { kind, ..Viewer::default() };
        Rights::of(&viewer, anonymous)
    };
    let open = of(ViewerKind::Anonymous, Anonymous::Catalogue);
    assert_eq!(open.reach(Right::Read, "Article", Some(BASE)), Reach::Everywhere);
    assert_eq!(open.reach(Right::Read, "Article", Some("purchase")), Reach::Nowhere);
    assert_eq!(open.reach(Right::Read, "Customer", Some(BASE)), Reach::Nowhere);
    assert_eq!(of(ViewerKind::Anonymous, Anonymous::None), Rights::default());
    // A customer has what everybody has under `prices`, and reads customers, of which its sight leaves it itself.
    let customer = of(ViewerKind::Customer, Anonymous::None);
    let (shared, own) = customer.0.split_at(customer.0.len() - 1);
    assert_eq!(shared, &*of(ViewerKind::Anonymous, Anonymous::Prices).0);
    assert_eq!((own[0].right, own[0].entity.as_deref()), (Right::CustomerRead, Some("Customer")));
    assert_eq!(own[0].fields.as_deref(), Some(BASE));
    assert_eq!(customer.reach(Right::Read, "Customer", Some(BASE)), Reach::Everywhere);
    // A contact that may not see its customer's prices has all of that but the prices, and what it is granted.
    let granted = Rights(Arc::from([grant(Right::Hidden, None, None, None)]));
    let contact = Viewer { kind: ViewerKind::Customer, rights: granted, ..Viewer::default() };
    let blind = Rights::without_prices(&contact);
    assert_eq!(blind.reach(Right::Read, "Reference", Some(PRICES)), Reach::Nowhere);
    assert_eq!(blind.reach(Right::Read, "Reference", Some(BASE)), Reach::Everywhere);
    assert_eq!(blind.reach(Right::Read, "Customer", Some(BASE)), Reach::Everywhere);
    assert!(blind.allows(Right::Hidden));
    assert_eq!(of(ViewerKind::Staff, Anonymous::Prices), Rights::default());
    assert_eq!(of(ViewerKind::Integration, Anonymous::Prices), Rights::default());
}
