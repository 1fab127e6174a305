//! Pages of articles under departments: candidates from the ERP's placements and the overlay's, in
//! CODE order, decided by the record's merged placements, refilled until full.

mod statements;

use std::{
    borrow::Cow,
    cmp::Ordering,
    collections::{HashMap, HashSet},
    sync::Arc,
};

pub(crate) use self::statements::statements;
use self::statements::{after_own, all_of, placed_select, reverse, spelled_alike, standing};
use super::{
    Run,
    levels::{Args, Link, LinkData, PageArgs, Pages, counted},
    sight::Sight,
    tree::Tree,
};
use crate::{
    connectors::map::RowSource,
    federation::{
        batch::{Batch, NONE},
        engine::{Ask, Fault, Open},
        filter::Filter,
        order::Order,
        page::{GROUPS_EACH, Page, Position},
        planner::{Scope, Way},
        pushdown::Must,
        pushdown::Telling,
        shape::{Shape, SourceShape, Want, after_key},
    },
    sources::{Keys, Param, Rows, Statement},
    telemetry::metrics,
    value::{KeyCompare, Value},
};

/// The articles that overlays add to departments, by department, spelled as keys compare: where each stands
/// in CODE order, and its code. What they take away is decided record by record.
#[derive(Debug, Default)]
struct Overlaid(HashMap<String, Vec<(Position, String)>>);

/// How far the page of one department has come.
#[derive(Debug)]
struct Progress {
    /// The departments it is of.
    nodes: Vec<u32>,
    /// The overlays' articles in CODE order.
    added: Vec<(Position, String)>,
    after: Option<Position>,
    good: Vec<(String, Position)>,
    done: bool,
}

impl Run<'_> {
    pub(super) async fn articles_under(
        &self,
        link: &Link,
        batch: &Arc<Batch>,
        records: &[u32],
    ) -> Result<LinkData, Fault> {
        let spelled = || self.catalog.engine.spellings.get(self.catalog.article);
        let known = spelled();
        let pages = self.placed_under(link, batch, records).await;
        // A code was read that is spelled otherwise than declared: what that was trusted for is read anew.
        if spelled() == known { pages } else { self.placed_under(link, batch, records).await }
    }

    async fn placed_under(
        &self,
        link: &Link,
        batch: &Arc<Batch>,
        records: &[u32],
    ) -> Result<LinkData, Fault> {
        let Some(Args::Page(args)) = self.args.get(link.args) else {
            return Err(Fault::Internal("a connection without arguments".into()));
        };
        let tree = self.tree().await?;
        self.settle(&args.filter).await?;
        let groups: Vec<Vec<u32>> =
            records.iter().map(|r| if args.deep { tree.under(*r) } else { vec![*r] }).collect();
        let overlaid = self.overlaid(&tree, &groups).await?;
        let (engine, shape) = (&self.catalog.engine, &self.shape(&link.node));
        let list = args.ask();
        let language = shape.language.as_deref();
        let blame = async |total: bool, fault: Fault| {
            let scope = (Scope::Departments, total);
            engine.blame(&self.ask, shape.entity, &list, scope, language, fault).await
        };
        let plan = engine.plan(&self.ask, shape.entity, &list, Scope::Departments).await;
        metrics::list(plan.strategy());
        let journal = self.ask.moment.journal.as_ref();
        if let Some(journal) = journal {
            journal.here(|level| plan.note(engine, shape.entity, list.order, level));
        }
        let (found, pages, totals) = if matches!(plan.way, Way::Page) {
            let filled = self.fill(&tree, &groups, &overlaid, args, args.size + 1, shape).await;
            let (found, pages) = match filled {
                Ok(filled) => filled,
                Err(fault) => return Err(blame(false, fault).await),
            };
            let totals = if link.total {
                let totals = self.totals(&tree, &groups, &overlaid, args, language);
                Some(match counted(journal, totals).await {
                    Ok(totals) => Ok(totals),
                    Err(fault) => Err(blame(true, fault).await),
                })
            } else {
                None
            };
            let page = |mut records: Vec<u32>| {
                let more = records.len() > args.size;
                records.truncate(args.size);
                if args.backward {
                    records.reverse();
                }
                Page { records, more, ..Page::default() }
            };
            (found, pages.into_iter().map(page).collect(), totals)
        } else {
            match self.sorted(&tree, &groups, &overlaid, args, shape).await {
                Ok((found, pages)) => (found, pages, None),
                Err(fault) => return Err(blame(false, fault).await),
            }
        };
        let mut of: Vec<Pages> = (0..batch.len()).map(|_| Pages::default()).collect();
        for (n, (r, page)) in records.iter().zip(pages).enumerate() {
            let counted = totals.as_ref().map(|t| t.as_ref().map(|t| t[n]).map_err(Clone::clone));
            let total = counted.or(page.total.map(Ok));
            of[*r as usize] = Pages { page, total };
        }
        let used = of.iter().flat_map(|p| p.page.records.iter().copied()).collect();
        let level = self.next(&link.node, Arc::new(found), used).await;
        Ok(LinkData::Pages(of, Box::new(level)))
    }

    /// Takes departments without an article on the web off it (`departments.hide_empty`).
    pub(super) async fn hide_empty(&self, tree: &mut Tree) -> Result<(), Fault> {
        let shown: Vec<u32> =
            (0..).zip(&tree.shown).filter(|(_, shown)| **shown).map(|(record, _)| record).collect();
        let groups: Vec<Vec<u32>> =
            shown.iter().map(|r| tree.below(*r, |c| tree.shown[c as usize])).collect();
        let args = PageArgs {
            size: 1,
            from: None,
            backward: false,
            order: Order::default(),
            name: "".into(),
            filter: Filter::And(Vec::new()),
            deep: true,
        };
        let light = Arc::new(Shape::new(&self.catalog.engine, self.catalog.article, Want::default(), None));
        // Whether a department is on the web does not lean on who asks.
        let ask = Ask { open: Open::NONE, ..self.ask.clone() };
        let shopper = Run::new(self.catalog, ask, Vec::new(), None, Sight::whole(self.catalog));
        let overlaid = shopper.overlaid(tree, &groups).await?;
        let (_, pages) = shopper.fill(tree, &groups, &overlaid, &args, 1, &light).await?;
        for (record, page) in shown.into_iter().zip(pages) {
            tree.shown[record as usize] = !page.is_empty();
        }
        Ok(())
    }

    /// How many articles there are under each group, by reading them all within the budget.
    async fn totals(
        &self,
        tree: &Tree,
        groups: &[Vec<u32>],
        overlaid: &Overlaid,
        args: &PageArgs,
        language: Option<&str>,
    ) -> Result<Vec<usize>, Fault> {
        let engine = &self.catalog.engine;
        let limit = engine.limits.scan_rows;
        let mut want = Want::default();
        args.filter.want(&mut want);
        let light = Arc::new(Shape::new(engine, self.catalog.article, want, language));
        let args = PageArgs { from: None, ..args.clone() };
        let (_, pages) = self.fill(tree, groups, overlaid, &args, limit + 1, &light).await?;
        if pages.iter().any(|p| p.len() > limit) {
            return Err(Fault::Budget { setting: "limits.scan_rows", limit });
        }
        Ok(pages.iter().map(Vec::len).collect())
    }

    /// A page of the articles under each group in another order, or from the end: all are gathered first.
    async fn sorted(
        &self,
        tree: &Tree,
        groups: &[Vec<u32>],
        overlaid: &Overlaid,
        args: &PageArgs,
        shape: &Arc<Shape>,
    ) -> Result<(Batch, Vec<Page>), Fault> {
        let engine = &self.catalog.engine;
        let list = args.ask();
        let most = engine.limits.gather;
        let mut want = self.want_placements();
        want.merge(&list.want());
        let light = Arc::new(Shape::new(engine, shape.entity, want, shape.language.as_deref()));
        let all = PageArgs { from: None, backward: false, order: Order::default(), ..args.clone() };
        let (batch, pages) = self.fill(tree, groups, overlaid, &all, most + 1, &light).await?;
        let mut cuts = Vec::with_capacity(pages.len());
        for (records, nodes) in pages.into_iter().zip(groups) {
            if records.len() > most {
                return Err(list.too_long(engine, shape.entity));
            }
            let mut gathered = Vec::with_capacity(records.len());
            for record in records {
                let Some((mut spot, code)) = engine.gathered(&list, &batch, record)? else { continue };
                if let Some(department) = nodes.first() {
                    let place = self.place_in(&batch, record, tree.batch.code(*department))?;
                    list.order.place(&mut spot, &place);
                }
                gathered.push((spot, code));
            }
            cuts.push(list.cut(gathered));
        }
        engine.whole(&self.ask, shape, cuts).await
    }

    /// The first `need` articles under each group, in CODE order (or the other way round, where the list is
    /// read so), merged and re-checked.
    async fn fill(
        &self,
        tree: &Tree,
        groups: &[Vec<u32>],
        overlaid: &Overlaid,
        args: &PageArgs,
        need: usize,
        shape: &Arc<Shape>,
    ) -> Result<(Batch, Vec<Vec<u32>>), Fault> {
        let engine = &self.catalog.engine;
        let mut want = self.want_placements();
        args.filter.want(&mut want);
        let (own, shape) = (shape, &shape.with_want(engine, want.clone()));
        let must = &engine
            .must_listed(
                &self.ask,
                shape.entity,
                false,
                &args.filter,
                shape.language.as_deref(),
                Telling::Whole,
            )
            .await;
        let falling = args.ask().falling();
        let of_department = engine.compare(self.catalog.department);
        let mut budget = engine.limits.scan_rows;
        let mut progress: Vec<Progress> = groups
            .iter()
            .map(|nodes| Progress {
                nodes: nodes.clone(),
                added: self.added_to(tree, nodes, overlaid),
                after: args.from.as_ref().map(|spot| spot.position.clone()),
                good: Vec::new(),
                done: nodes.is_empty(),
            })
            .collect();
        let mut light: Option<Arc<Shape>> = None;
        let mut first_round = true;
        loop {
            let open: Vec<usize> = (0..progress.len()).filter(|g| !progress[*g].done).collect();
            if open.is_empty() {
                break;
            }
            let round: Vec<usize> =
                if first_round { open } else { open.into_iter().take(GROUPS_EACH).collect() };
            let size = round.iter().map(|g| need - progress[*g].good.len()).max().unwrap_or(1);
            let most = if first_round { budget } else { budget / round.len() };
            let size = if first_round { size } else { size.max(100) }.min(1000).min(most.max(1));
            if budget == 0 {
                return Err(Fault::Budget { setting: "limits.scan_rows", limit: engine.limits.scan_rows });
            }
            let candidates = self.candidates(tree, &progress, &round, (must, falling), size, shape).await?;
            let places: Vec<_> = candidates
                .iter()
                .flat_map(|c| c.places.iter().map(|(at, code)| (code.as_str(), at)))
                .collect();
            budget = budget.saturating_sub(places.len().max(1));
            let asked_shape = if first_round {
                shape.clone()
            } else {
                light
                    .get_or_insert_with(|| {
                        Arc::new(Shape::new(engine, shape.entity, want.clone(), shape.language.as_deref()))
                    })
                    .clone()
            };
            let found = engine.by_place(&self.ask, &asked_shape, &places).await?;
            let read = engine.relate(&self.ask, found.batch, &args.filter, &mut budget).await?;
            let mut of = found.of.iter().copied();
            let mut chosen: Vec<Vec<u32>> = vec![Vec::new(); progress.len()];
            for (g, candidate) in round.iter().zip(&candidates) {
                let state = &mut progress[*g];
                let within: HashSet<_> =
                    state.nodes.iter().map(|n| of_department.fold(tree.batch.code(*n))).collect();
                for record in of.by_ref().take(candidate.places.len()) {
                    if record == NONE || state.good.len() >= need {
                        continue;
                    }
                    let visible = engine.visible(&read, record).map_err(Fault::Source)?;
                    let passes = args.filter.passes(engine, &read, record).map_err(Fault::Source)?;
                    let shown = visible || !self.ask.shopper(shape.entity);
                    if shown && passes && self.hangs(&read, record, &within)? {
                        let at = engine.position(&read, record);
                        state.good.extend(at.map(|at| (read.code(record).to_owned(), at)));
                        chosen[*g].push(record);
                    }
                }
                state.after.clone_from(&candidate.reached);
                state.done = candidate.exhausted || state.good.len() >= need;
            }
            if first_round && progress.iter().all(|p| p.done) {
                return Ok((read, chosen));
            }
            first_round = false;
        }
        let places: Vec<_> =
            progress.iter().flat_map(|p| p.good.iter().map(|(code, at)| (code.as_str(), at))).collect();
        let found = engine.by_place(&self.ask, own, &places).await?;
        let mut of = found.of.into_iter();
        let pages = progress
            .iter()
            .map(|p| of.by_ref().take(p.good.len()).filter(|r| *r != NONE).collect())
            .collect();
        // What the list is sorted by is reckoned of a batch, and this is another one.
        let batch = engine.reckon_again(&self.ask, found.batch, &args.filter).await?;
        Ok((batch, pages))
    }

    /// The list that tells where an article hangs.
    fn want_placements(&self) -> Want {
        let lists = &self.catalog.engine.model.entities[self.catalog.article].lists;
        Want { lists: lists.get_index_of("placements").into_iter().collect(), ..Want::default() }
    }

    /// An article's place in a department, by its merged placements; null where it has none.
    fn place_in(&self, batch: &Batch, record: u32, department: &str) -> Result<Value, Fault> {
        let engine = &self.catalog.engine;
        let lists = &engine.model.entities[self.catalog.article].lists;
        let Some((list, _, field)) = lists.get_full("placements") else { return Ok(Value::Null) };
        let column = |name: &str| field.columns.get_index_of(name);
        let (named, placed) = (column("department"), column("position"));
        let merged = batch.list(&engine.model, list, record).map_err(Fault::Source)?;
        let compare = engine.compare(self.catalog.department);
        let own = compare.fold(department);
        let here = merged.items.iter().find(|item| {
            let code = named.and_then(|c| item.fields.get(c)).and_then(Value::as_str);
            code.is_some_and(|code| compare.fold(code) == own)
        });
        Ok(here.and_then(|item| item.fields.get(placed?)).cloned().unwrap_or_default())
    }

    /// Whether an article hangs in one of some departments, by its merged placements.
    fn hangs(&self, batch: &Batch, record: u32, within: &HashSet<Cow<'_, str>>) -> Result<bool, Fault> {
        let engine = &self.catalog.engine;
        let lists = &engine.model.entities[self.catalog.article].lists;
        let Some((list, _, field)) = lists.get_full("placements") else { return Ok(false) };
        let column = field.columns.get_index_of("department");
        let merged = batch.list(&engine.model, list, record).map_err(Fault::Source)?;
        let compare = engine.compare(self.catalog.department);
        Ok(merged.items.iter().any(|item| {
            let department = column.and_then(|c| item.fields.get(c)).and_then(Value::as_str);
            department.is_some_and(|d| within.contains(&compare.fold(d)))
        }))
    }

    /// Reads which articles the overlays add to all these departments.
    async fn overlaid(&self, tree: &Tree, groups: &[Vec<u32>]) -> Result<Overlaid, Fault> {
        let engine = &self.catalog.engine;
        let model = &engine.model;
        let e = &model.entities[self.catalog.article];
        let mut overlaid = Overlaid::default();
        let Some(list) = e.lists.get("placements") else { return Ok(overlaid) };
        let mut nodes: Vec<u32> = groups.iter().flatten().copied().collect();
        nodes.sort_unstable();
        nodes.dedup();
        let compare = engine.compare(self.catalog.department);
        let keys: Keys = nodes.iter().map(|n| spelled(tree.batch.code(*n), compare)).collect();
        // Article and department, as the overlays spell them.
        let mut added: Vec<(String, String)> = Vec::new();
        for source in list.sources.iter().filter(|s| **s != e.decides) {
            let Some(map) = e.maps.get(*source).and_then(Option::as_ref) else { continue };
            for child in map.children.get("placements").into_iter().flatten() {
                let Some(select) = reverse(child).map(|s| spelled_alike(s, compare)) else { continue };
                let params = [Param::Keys(keys.clone())];
                let rows = match engine.run(*source, &Statement::new(select), &params, &self.ask.moment).await
                {
                    Ok(rows) => rows,
                    Err(cause) if list.on_unknown == crate::federation::model::OnUnknown::Fail => {
                        return Err(Fault::Source(cause));
                    }
                    Err(_) => continue,
                };
                if rows.len() > engine.limits.gather {
                    return Err(Fault::Budget { setting: "limits.gather", limit: engine.limits.gather });
                }
                let rows = (0..rows.len()).map(|r| rows.row(r)).filter(|row| row[2] != Value::Bool(true));
                added.extend(
                    rows.filter_map(|row| Some((row[0].as_str()?.to_owned(), row[1].as_str()?.to_owned()))),
                );
            }
        }
        if added.is_empty() {
            return Ok(overlaid);
        }
        // An overlay may spell a code otherwise, and CODE order is the order of the deciding source's keys.
        let codes: HashSet<&str> = added.iter().map(|(code, _)| code.as_str()).collect();
        let codes: Vec<&str> = codes.into_iter().collect();
        let standing = engine.standing(&self.ask, self.catalog.article, &codes).await?;
        let of_article = engine.compare(self.catalog.article);
        for (code, department) in &added {
            if let Some(at) = standing.get(&*of_article.fold(code)) {
                overlaid.0.entry(compare.fold(department).into_owned()).or_default().push(at.clone());
            }
        }
        Ok(overlaid)
    }

    fn added_to(&self, tree: &Tree, nodes: &[u32], overlaid: &Overlaid) -> Vec<(Position, String)> {
        let engine = &self.catalog.engine;
        let (of_article, of_department) =
            (engine.compare(self.catalog.article), engine.compare(self.catalog.department));
        let mut seen = HashSet::new();
        let mut added = Vec::new();
        for node in nodes {
            let here = overlaid.0.get(&*of_department.fold(tree.batch.code(*node)));
            for (position, code) in here.into_iter().flatten() {
                if seen.insert(of_article.fold(code).into_owned()) {
                    added.push((position.clone(), code.clone()));
                }
            }
        }
        added
    }

    /// The next candidates of some departments.
    #[allow(clippy::too_many_arguments)]
    async fn candidates(
        &self,
        tree: &Tree,
        progress: &[Progress],
        round: &[usize],
        (must, falling): (&Must, bool),
        size: usize,
        shape: &Arc<Shape>,
    ) -> Result<Vec<Candidates>, Fault> {
        let order = |a: &Position, b: &Position| {
            let order = a.compare(b);
            if falling { order.reverse() } else { order }
        };
        let engine = &self.catalog.engine;
        let Some(decider) = shape.decider(&engine.model) else {
            return Err(Fault::Internal("no source decides existence".into()));
        };
        let rows = self.placed_rows(tree, progress, round, (must, falling), size, decider).await?;
        let of_article = engine.compare(self.catalog.article);
        let mut by_group: HashMap<&str, Vec<&[Value]>> = HashMap::new();
        for r in 0..rows.len() {
            let row = rows.row(r);
            by_group.entry(row[0].as_str().unwrap_or("")).or_default().push(row);
        }
        let mut found = Vec::with_capacity(round.len());
        for g in round {
            let state = &progress[*g];
            let group = g.to_string();
            let mut erp: Vec<(Position, String)> = Vec::new();
            let mut last: Option<Position> = None;
            let placed = by_group.get(group.as_str()).map_or(&[][..], Vec::as_slice);
            for row in placed.iter().take(size) {
                let Some((position, code)) = standing(decider, row) else { continue };
                last = Some(position.clone());
                erp.push((position, code));
            }
            let erp_more = placed.len() >= size;
            let ahead = |p: &Position| state.after.as_ref().is_none_or(|a| order(p, a) == Ordering::Greater);
            let mut added: Vec<(Position, String)> =
                state.added.iter().filter(|(p, _)| ahead(p)).cloned().collect();
            added.sort_by(|a, b| order(&a.0, &b.0));
            let added_more = added.len() > size;
            added.truncate(size);
            // Both runs are known up to here.
            let ends = [
                erp_more.then_some(last).flatten(),
                added.last().filter(|_| added_more).map(|(p, _)| p.clone()),
            ];
            let reached = ends.into_iter().flatten().min_by(|a, b| order(a, b));
            let mut all: Vec<(Position, String)> = erp
                .into_iter()
                .chain(added)
                .filter(|(p, _)| reached.as_ref().is_none_or(|r| order(p, r) != Ordering::Greater))
                .collect();
            all.sort_by(|a, b| order(&a.0, &b.0));
            // One article may hang in several of the departments.
            all.dedup_by(|(b, other), (a, code)| {
                a.row == b.row && (a.key == b.key || of_article.fold(code) == of_article.fold(other))
            });
            found.push(Candidates { places: all, exhausted: reached.is_none(), reached });
        }
        Ok(found)
    }

    /// The codes of all articles that may be placed in some departments: more than are, where an overlay
    /// takes some out again. `None` where there are more than may be gathered, or where an overlay that
    /// may place some does not answer.
    pub(super) async fn placed_codes(
        &self,
        tree: &Tree,
        nodes: &[u32],
    ) -> Result<Option<Arc<[String]>>, Fault> {
        let engine = &self.catalog.engine;
        let model = &engine.model;
        let e = &model.entities[self.catalog.article];
        let most = engine.limits.gather;
        let limit = Param::Value(Value::Int(i64::try_from(most).unwrap_or(i64::MAX - 1) + 1));
        let light = Shape::new(engine, self.catalog.article, Want::default(), None);
        let (Some(list), Some(decider)) = (e.lists.get("placements"), light.decider(model)) else {
            return Ok(None);
        };
        let mut codes = Vec::new();
        let own = list.sources.contains(&e.decides);
        let web = &mut |_: usize, row: &RowSource| {
            // Who asks for references off the web needs their articles, too.
            let web = [self.catalog.article, self.catalog.reference].iter().all(|e| self.ask.shopper(*e));
            Some(if web { engine.on_the_web(decider.entity, row) } else { Vec::new() })
        };
        if let Some(select) = placed_select(decider, false, web).filter(|_| own).map(all_of) {
            let pair = |n: &u32| Box::from([Value::text("0"), Value::text(tree.batch.code(*n))]);
            let params = [Param::Keys(nodes.iter().map(pair).collect()), limit.clone()];
            let rows = engine.run(decider.source, &Statement::new(select), &params, &self.ask.moment).await;
            let rows = rows.map_err(Fault::Source)?;
            if rows.len() > most {
                return Ok(None);
            }
            codes
                .extend((0..rows.len()).filter_map(|r| standing(decider, rows.row(r))).map(|(_, code)| code));
        }
        let compare = engine.compare(self.catalog.department);
        for source in list.sources.iter().filter(|s| **s != e.decides) {
            let Some(map) = e.maps.get(*source).and_then(Option::as_ref) else { continue };
            for child in map.children.get("placements").into_iter().flatten() {
                let Some(select) = reverse(child).map(all_of).map(|s| spelled_alike(s, compare)) else {
                    continue;
                };
                let keys = nodes.iter().map(|n| spelled(tree.batch.code(*n), compare)).collect();
                let params = [Param::Keys(keys), limit.clone()];
                let Ok(rows) = engine.run(*source, &Statement::new(select), &params, &self.ask.moment).await
                else {
                    return Ok(None);
                };
                if rows.len() > most {
                    return Ok(None);
                }
                let added = (0..rows.len()).map(|r| rows.row(r)).filter(|row| row[2] != Value::Bool(true));
                codes.extend(added.filter_map(|row| row[0].as_str().map(str::to_owned)));
            }
        }
        codes.sort_unstable();
        codes.dedup();
        Ok((codes.len() <= most).then(|| codes.into()))
    }

    /// The ERP's placements of some groups, at most `size` a group, in one windowed statement:
    /// group, row source, key columns, own code, department.
    #[allow(clippy::too_many_arguments)]
    async fn placed_rows(
        &self,
        tree: &Tree,
        progress: &[Progress],
        round: &[usize],
        (must, falling): (&Must, bool),
        size: usize,
        decider: &SourceShape,
    ) -> Result<Rows, Fault> {
        let engine = &self.catalog.engine;
        let keys = decider.columns.keys;
        // Departments at one position share it; else each goes on from its own.
        let first = round.first().and_then(|g| progress[*g].after.as_ref());
        let apart = round.iter().any(|g| progress[*g].after.as_ref() != first);
        let after = first.filter(|_| !apart);
        let pairs: Vec<Box<[Value]>> = round
            .iter()
            .flat_map(|g| {
                progress[*g]
                    .nodes
                    .iter()
                    .map(move |n| Box::from([Value::text(g.to_string()), Value::text(tree.batch.code(*n))]))
            })
            .collect();
        let mut params = vec![
            Param::Keys(pairs.into()),
            Param::Value(Value::Int(i64::try_from(size).unwrap_or(i64::MAX))),
        ];
        let held =
            after.iter().flat_map(|a| a.key.iter().cloned()).chain(std::iter::repeat(Value::Null)).take(keys);
        params.extend(held.map(Param::Value));
        let base = params.len();
        let mut extra = Vec::new();
        let mut narrow = |n: usize, row: &RowSource| {
            if after.is_some_and(|a| if falling { a.row < n } else { a.row > n }) {
                return None;
            }
            let mut filter = if self.ask.shopper(decider.entity) {
                engine.on_the_web(decider.entity, row)
            } else {
                Vec::new()
            };
            filter.extend(must.predicate((n, row), base, &mut extra));
            if after.is_some_and(|a| a.row == n) {
                filter.push(after_key(row, 2, falling));
            }
            if apart {
                let at = round.iter().map(|g| (*g, progress[*g].after.as_ref()));
                filter.push(after_own(at, falling, (n, row), base, &mut extra)?);
            }
            Some(filter)
        };
        let Some(select) = placed_select(decider, falling, &mut narrow) else {
            return Ok(Rows::default());
        };
        params.extend(extra);
        engine
            .run(decider.source, &Statement::new(select), &params, &self.ask.moment)
            .await
            .map_err(Fault::Source)
    }
}

/// A department's code as [`spelled_alike`] compares it.
fn spelled(code: &str, compare: KeyCompare) -> Box<[Value]> {
    Box::from([match compare {
        KeyCompare::Binary => Value::text(code),
        _ => Value::text(code.trim_end().to_uppercase()),
    }])
}

/// The next candidates of one department.
struct Candidates {
    /// Where they stand, and their codes.
    places: Vec<(Position, String)>,
    /// Up to here both runs are known; `None`: to their ends.
    reached: Option<Position>,
    exhausted: bool,
}
