//! The appliance as a whole: `/api/lunasa`.
