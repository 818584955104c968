namespace HubshareDemo.Hubs;

/// <summary>What one user has done and has open.</summary>
public sealed record UserReport(string UserId, int Connections, int IncidentsRaised, int IncidentsAcknowledged, int IncidentsClosed);
