//! Application partitions: `/api/lunasa/hsms/{hsmid}/partitions`.
