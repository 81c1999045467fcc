//! Components that no compiler makes: results, allocators and start functions
//! that lie, imports of what no plugin gets, and files without measure.

mod allocators;
mod before_and_after;
mod component;
mod damage;
mod ground;
mod imports;
mod resources;
mod results;
mod size;
