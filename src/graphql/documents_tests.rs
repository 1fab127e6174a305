//! Who may send any document.

use std::collections::HashMap;

use super::Documents;
use crate::auth::{
    rights::{Grant, Right, Rights},
    viewer::{Viewer, ViewerKind},
};

#[test]
fn only_staff_that_sees_plans_sends_any_document() {
    let documents =
        |staff_free| Documents { trusted: HashMap::new(), only: true, staff_free, automatic: None };
    let viewer = |kind, grant: Grant| Viewer { kind, rights: Rights([grant].into()), ..Viewer::default() };
    let plan = Grant::whole(Right::Plan);
    let staff = viewer(ViewerKind::Staff, plan.clone());
    assert!(documents(true).free(&staff));
    assert!(!documents(false).free(&staff));
    assert!(!documents(true).free(&viewer(ViewerKind::Integration, plan.clone())));
    // A narrowed grant of what is on no record gives nothing.
    for narrowed in [
        Grant { entity: Some("Article".into()), ..plan.clone() },
        Grant { fields: Some("base".into()), ..plan.clone() },
        Grant { department: Some("12".into()), ..plan },
    ] {
        assert!(!documents(true).free(&viewer(ViewerKind::Staff, narrowed)));
    }
}
